#include "server/api/video_generation_service.h"

#include "common/status_macros.h"
#include "server/api/download_video_reactor.h"
#include "server/api/job_listing.h"
#include "server/api/job_proto.h"
#include "server/api/job_view.h"
#include "server/api/unary_call.h"

namespace wan {

using Unary = VideoGenerationService::Unary;
using Stream = VideoGenerationService::Stream;

absl::StatusOr<v1::Job> VideoGenerationService::View(const Job& job) const {
  return ViewJob(job, context_.store, context_.events);
}

Unary* VideoGenerationService::SubmitJob(CallContext* call, const Bytes* request, Bytes* reply) {
  return HandleUnary<v1::SubmitJobRequest, v1::Job>(
      call, CallTimer(context_.metrics, "wan.v1.VideoGeneration/SubmitJob"), *request, reply,
      [this](const v1::SubmitJobRequest& message) -> absl::StatusOr<v1::Job> {
        WAN_ASSIGN_OR_RETURN(const Job job, context_.submission.Submit(message));
        return View(job);
      });
}

Unary* VideoGenerationService::GetJob(CallContext* call, const Bytes* request, Bytes* reply) {
  return HandleUnary<v1::GetJobRequest, v1::Job>(
      call, CallTimer(context_.metrics, "wan.v1.VideoGeneration/GetJob"), *request, reply,
      [this](const v1::GetJobRequest& message) -> absl::StatusOr<v1::Job> {
        WAN_ASSIGN_OR_RETURN(const Job job, context_.store.Get(message.job_id()));
        return View(job);
      });
}

Unary* VideoGenerationService::ListJobs(CallContext* call, const Bytes* request, Bytes* reply) {
  return HandleUnary<v1::ListJobsRequest, v1::ListJobsResponse>(
      call, CallTimer(context_.metrics, "wan.v1.VideoGeneration/ListJobs"), *request, reply,
      [this](const v1::ListJobsRequest& message) { return wan::ListJobs(message, context_.store, context_.events); });
}

Unary* VideoGenerationService::CancelJob(CallContext* call, const Bytes* request, Bytes* reply) {
  return HandleUnary<v1::CancelJobRequest, v1::Job>(
      call, CallTimer(context_.metrics, "wan.v1.VideoGeneration/CancelJob"), *request, reply,
      [this](const v1::CancelJobRequest& message) { return Cancel(message.job_id()); });
}

absl::StatusOr<v1::Job> VideoGenerationService::Cancel(const std::string& job_id) const {
  WAN_ASSIGN_OR_RETURN(const Job before, context_.store.Get(job_id));
  WAN_ASSIGN_OR_RETURN(const Job job, context_.store.RequestCancel(job_id));
  context_.events.Publish(job);
  if (job.state == JobState::kRunning) {
    context_.dispatcher.Cancel(job.id);
  } else if (!IsFinal(before.state)) {
    context_.events.QueueMoved();
    context_.metrics.JobEnded(job);
  }
  return View(job);
}

Unary* VideoGenerationService::ListModels(CallContext* call, const Bytes* request, Bytes* reply) {
  return HandleUnary<v1::ListModelsRequest, v1::ListModelsResponse>(
      call, CallTimer(context_.metrics, "wan.v1.VideoGeneration/ListModels"), *request, reply,
      [this](const v1::ListModelsRequest&) -> absl::StatusOr<v1::ListModelsResponse> {
        v1::ListModelsResponse response;
        for (const auto& [name, entry] : context_.catalog.models()) {
          *response.add_models() = ModelToProto(entry, context_.dispatcher.RingsOf(name));
        }
        return response;
      });
}

Stream* VideoGenerationService::WatchJob(CallContext*, const Bytes* request) {
  return WatchJobReactor::Start({context_.store, context_.events, context_.watches}, watch_,
                                CallTimer(context_.metrics, "wan.v1.VideoGeneration/WatchJob"), *request);
}

Stream* VideoGenerationService::DownloadVideo(CallContext*, const Bytes* request) {
  return DownloadVideoReactor::Start({context_.store, context_.results, context_.downloads},
                                     CallTimer(context_.metrics, "wan.v1.VideoGeneration/DownloadVideo"), *request);
}

}  // namespace wan

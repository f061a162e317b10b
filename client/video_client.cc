#include "client/video_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "common/rpc/grpc_status.h"
#include "common/status_macros.h"

namespace wan {
namespace {

constexpr int kPageSize = 100;

absl::Status Interrupted() { return absl::CancelledError("interrupted"); }

// A server that shuts down may end its streams with CANCELLED as well as with UNAVAILABLE.
bool IsBrokenStream(const absl::Status& status) { return absl::IsUnavailable(status) || absl::IsCancelled(status); }

}  // namespace

VideoClient::VideoClient(std::shared_ptr<grpc::Channel> channel, VideoClientOptions options, std::stop_token stop)
    : options_(std::move(options)),
      stop_(std::move(stop)),
      videos_(v1::VideoGeneration::NewStub(channel)),
      admin_(v1::Admin::NewStub(channel)) {}

void VideoClient::NoticeRetry(const absl::Status& reason) const {
  if (options_.on_retry != nullptr && !stop_.stop_requested()) options_.on_retry(reason);
}

absl::Status VideoClient::Call(const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  Backoff backoff(options_.call_retry, stop_);
  while (true) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(options_.call_timeout));
    const grpc::Status result = [&] {
      const std::stop_callback cancel(stop_, [&context] { context.TryCancel(); });
      return call(&context);
    }();
    if (result.ok()) return absl::OkStatus();
    if (stop_.stop_requested()) return Interrupted();
    const absl::Status status = FromGrpcStatus(result);
    if (!absl::IsUnavailable(status)) return status;
    NoticeRetry(status);
    if (!backoff.Wait()) return stop_.stop_requested() ? Interrupted() : status;
  }
}

absl::StatusOr<v1::Job> VideoClient::Submit(const v1::GenerationSpec& spec, const std::string& request_id) {
  v1::SubmitJobRequest request;
  *request.mutable_spec() = spec;
  request.set_request_id(request_id);
  v1::Job job;
  WAN_RETURN_IF_ERROR(Call([&](grpc::ClientContext* context) { return videos_->SubmitJob(context, request, &job); }));
  return job;
}

absl::StatusOr<v1::Job> VideoClient::Get(const std::string& job_id) {
  v1::GetJobRequest request;
  request.set_job_id(job_id);
  v1::Job job;
  WAN_RETURN_IF_ERROR(Call([&](grpc::ClientContext* context) { return videos_->GetJob(context, request, &job); }));
  return job;
}

absl::StatusOr<std::vector<v1::Job>> VideoClient::List(const std::vector<v1::JobState>& states, int limit, bool* more) {
  v1::ListJobsRequest request;
  for (const v1::JobState state : states) request.add_states(state);
  std::vector<v1::Job> jobs;
  *more = false;
  while (static_cast<int>(jobs.size()) < limit) {
    request.set_page_size(std::min(kPageSize, limit - static_cast<int>(jobs.size())));
    v1::ListJobsResponse page;
    WAN_RETURN_IF_ERROR(Call([&](grpc::ClientContext* context) { return videos_->ListJobs(context, request, &page); }));
    for (v1::Job& job : *page.mutable_jobs()) jobs.push_back(std::move(job));
    *more = !page.next_page_token().empty();
    if (!*more) break;
    request.set_page_token(page.next_page_token());
  }
  return jobs;
}

absl::StatusOr<v1::Job> VideoClient::Cancel(const std::string& job_id) {
  v1::CancelJobRequest request;
  request.set_job_id(job_id);
  v1::Job job;
  WAN_RETURN_IF_ERROR(Call([&](grpc::ClientContext* context) { return videos_->CancelJob(context, request, &job); }));
  return job;
}

absl::StatusOr<std::vector<v1::Model>> VideoClient::ListModels() {
  v1::ListModelsResponse response;
  WAN_RETURN_IF_ERROR(Call([&](grpc::ClientContext* context) { return videos_->ListModels(context, {}, &response); }));
  return std::vector<v1::Model>(response.models().begin(), response.models().end());
}

absl::StatusOr<std::vector<v1::Ring>> VideoClient::ListRings() {
  v1::ListRingsResponse response;
  WAN_RETURN_IF_ERROR(Call([&](grpc::ClientContext* context) { return admin_->ListRings(context, {}, &response); }));
  return std::vector<v1::Ring>(response.rings().begin(), response.rings().end());
}

absl::StatusOr<v1::Job> VideoClient::Watch(const std::string& job_id,
                                           const std::function<void(const v1::JobEvent&)>& on_event) {
  v1::WatchJobRequest request;
  request.set_job_id(job_id);
  Backoff backoff(options_.stream_retry, stop_);
  while (true) {
    grpc::ClientContext context;
    const std::stop_callback cancel(stop_, [&context] { context.TryCancel(); });
    const auto reader = videos_->WatchJob(&context, request);
    // Sequences are compared within one stream only: a restarted server may count from the beginning.
    int64_t newest = std::numeric_limits<int64_t>::min();
    v1::JobEvent event;
    while (reader->Read(&event)) {
      backoff.Succeeded();
      if (!event.has_job() || event.sequence() < newest) continue;
      newest = event.sequence();
      if (!event.heartbeat()) on_event(event);
      if (IsFinal(event.job().state())) {
        context.TryCancel();
        reader->Finish();
        return std::move(*event.mutable_job());
      }
    }
    const grpc::Status result = reader->Finish();
    if (stop_.stop_requested()) return Interrupted();
    const absl::Status status = result.ok() ? absl::UnavailableError("the server ended the stream before the job ended")
                                            : FromGrpcStatus(result);
    if (!IsBrokenStream(status)) return status;
    NoticeRetry(status);
    if (!backoff.Wait()) return stop_.stop_requested() ? Interrupted() : absl::UnavailableError(status.message());
  }
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  // gRPC's own reconnect waits (1 s growing to 2 min) would outlast ours.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // Longer than the server's heartbeat of 15 s, whose data clears the server's count of pings.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

bool IsFinal(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED || state == v1::JOB_STATE_CANCELLED ||
         state == v1::JOB_STATE_EXPIRED;
}

}  // namespace wan

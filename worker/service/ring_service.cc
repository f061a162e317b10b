#include "worker/service/ring_service.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/generation/spec_proto.h"
#include "common/log.h"
#include "common/rpc/grpc_status.h"
#include "common/status_macros.h"
#include "worker/service/ring_messages.h"

namespace wan {
namespace {

constexpr size_t kChunkBytes = 1 << 20;

// What Write() returns false for: the caller has cancelled, is gone, or its deadline passed.
absl::Status CallerIsGone() { return MakeError(absl::StatusCode::kCancelled, kJobCancelled, "the caller has left"); }

absl::Status StorageError(const std::string& path, absl::string_view reason) {
  return MakeError(absl::StatusCode::kInternal, kStorage, absl::StrCat("read ", path, ": ", reason));
}

absl::Status SendVideo(const RenderedVideo& video, grpc::ServerWriter<worker::v1::ExecuteEvent>& writer) {
  const int file = ::open(video.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return StorageError(video.path, std::strerror(errno));
  const absl::Cleanup close = [file] { ::close(file); };
  worker::v1::ExecuteEvent event;
  worker::v1::VideoChunk& chunk = *event.mutable_chunk();
  chunk.set_video_index(static_cast<int32_t>(video.index));
  for (int64_t offset = 0; offset < video.size_bytes;) {
    std::string& data = *chunk.mutable_data();
    data.resize(std::min<int64_t>(kChunkBytes, video.size_bytes - offset));
    const ssize_t count = ::pread(file, data.data(), data.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return StorageError(video.path, std::strerror(errno));
    if (count == 0) return StorageError(video.path, absl::StrCat("ends at byte ", offset, " of ", video.size_bytes));
    data.resize(count);
    chunk.set_offset(offset);
    if (!writer.Write(event)) return CallerIsGone();
    offset += count;
  }
  return absl::OkStatus();
}

}  // namespace

RingService::RingService(Context context, Intervals intervals)
    : context_(context), intervals_(intervals), start_(absl::Now()) {}

grpc::Status RingService::Execute(grpc::ServerContext* call, const worker::v1::ExecuteRequest* request,
                                  grpc::ServerWriter<worker::v1::ExecuteEvent>* writer) {
  const absl::Status status = RunJob(*call, *request, *writer);
  WAN_LOG(INFO) << "job " << request->job_id() << " attempt " << request->attempt() << ": "
                << (status.ok() ? "sent" : status.ToString());
  return ToGrpcStatus(status);
}

absl::StatusOr<GenerationSpec> RingService::CheckedSpec(const worker::v1::ExecuteRequest& request) const {
  const RingInfo& info = context_.status.info();
  WAN_RETURN_IF_ERROR(SpecFromProto(request.spec()).status());  // complete?
  const GenerationRequest asked = RequestFromProto(request.spec());
  if (asked.model != info.model) {
    return MakeError(absl::StatusCode::kNotFound, kModelNotServed,
                     absl::StrCat("this ring serves ", info.model, ", not ", asked.model));
  }
  const ModelEntry* entry = context_.catalog.Find(info.model);
  if (entry == nullptr) return context_.catalog.UnknownModelError(info.model);
  WAN_ASSIGN_OR_RETURN(ResolvedSpec resolved, ResolveSpec(asked, *entry, &RandomSeed));
  const std::string codec(VideoCodecName(resolved.spec.codec));
  if (std::find(info.codecs.begin(), info.codecs.end(), codec) == info.codecs.end()) {
    const std::string message =
        absl::StrCat(codec, " is not available on this ring; it has ", absl::StrJoin(info.codecs, ", "));
    return WithDetails(absl::InvalidArgumentError(message),
                       {.reason = kCodecUnavailable, .metadata = {}, .violations = {{"spec.codec", message}}});
  }
  return std::move(resolved.spec);
}

absl::Status RingService::RunJob(grpc::ServerContext& call, const worker::v1::ExecuteRequest& request,
                                 EventWriter& writer) {
  if (request.job_id().empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, kInvalidRequest, "job_id is empty");
  }
  WAN_ASSIGN_OR_RETURN(GenerationSpec spec, CheckedSpec(request));
  WAN_RETURN_IF_ERROR(context_.status.BeginJob(request.job_id()));
  // The ring is free again before the caller sees the end of the call.
  const absl::Cleanup end_job = [this] { context_.status.EndJob(); };
  WAN_ASSIGN_OR_RETURN(const std::unique_ptr<ScratchDir::Job> scratch, context_.scratch.NewJob());
  const auto job = std::make_shared<JobRun>(JobRun::Options{.job_id = request.job_id(),
                                                            .attempt = request.attempt(),
                                                            .spec = std::move(spec),
                                                            .scratch_dir = scratch->path(),
                                                            .deadline = absl::FromChrono(call.deadline())});
  if (!context_.mailbox.TryPush(job)) {
    return MakeError(absl::StatusCode::kUnavailable, kRingLost, "the rank takes no more jobs");
  }
  WAN_ASSIGN_OR_RETURN(const JobResult result, Follow(call, *job, writer));
  for (const RenderedVideo& video : result.videos) WAN_RETURN_IF_ERROR(SendVideo(video, writer));
  worker::v1::ExecuteEvent event;
  *event.mutable_completed() = ResultToProto(*job, result);
  return writer.Write(event) ? absl::OkStatus() : CallerIsGone();
}

// Returns only when the compute thread is done with the job, since its scratch folder goes with the call.
absl::StatusOr<JobResult> RingService::Follow(grpc::ServerContext& call, JobRun& job, EventWriter& writer) {
  worker::v1::ExecuteEvent event;
  event.mutable_started()->set_generation(context_.status.info().generation);
  event.mutable_started()->set_layout(context_.status.info().layout);
  if (!writer.Write(event)) job.Cancel();
  for (;;) {
    const std::optional<JobProgress> progress = job.TakeProgress(intervals_.cancel_poll);
    if (progress.has_value()) {
      *event.mutable_progress() = ProgressToProto(*progress);
      if (!job.cancelled() && !writer.Write(event)) job.Cancel();
    } else if (job.finished()) {
      return job.result();
    }
    if (call.IsCancelled()) job.Cancel();
  }
}

grpc::Status RingService::Watch(grpc::ServerContext* call, const worker::v1::WatchRequest*,
                                grpc::ServerWriter<worker::v1::RingStatus>* writer) {
  RingStatus::Snapshot sent = context_.status.Get();
  for (;;) {
    if (!writer->Write(StatusToProto(context_.status.info(), sent, absl::Now() - start_))) break;
    const absl::Time due = absl::Now() + intervals_.heartbeat;
    const uint64_t seen = sent.revision;
    do {
      const absl::Duration wait = std::min(intervals_.cancel_poll, due - absl::Now());
      sent = context_.status.WaitForChange(seen, wait);
      if (sent.closed || call->IsCancelled()) return grpc::Status::OK;
    } while (sent.revision == seen && absl::Now() < due);
  }
  return grpc::Status::OK;
}

}  // namespace wan

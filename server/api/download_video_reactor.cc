#include "server/api/download_video_reactor.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/crc32c.h"
#include "common/error.h"
#include "common/log.h"
#include "common/rpc/grpc_status.h"
#include "common/status_macros.h"
#include "server/api/job_proto.h"
#include "server/api/request_parser.h"

namespace wan {
namespace {

constexpr int64_t kChunkBytes = 1 << 20;

absl::Status BadField(const char* field, const std::string& description) {
  return WithDetails(absl::InvalidArgumentError(absl::StrCat(field, ": ", description)),
                     {.reason = kInvalidRequest, .metadata = {}, .violations = {{field, description}}});
}

absl::Status NotReady(const Job& job) {
  const std::string state(JobStateName(job.state));
  return MakeError(
      absl::StatusCode::kFailedPrecondition, kResultNotReady,
      absl::StrCat("job ", job.id, " is ", state, ": it has ", IsFinal(job.state) ? "no videos" : "no videos yet"),
      {{"state", state}});
}

}  // namespace

DownloadVideoReactor::DownloadVideoReactor(Context context, CallTimer timer)
    : context_(context), timer_(std::move(timer)) {}

DownloadVideoReactor* DownloadVideoReactor::Start(Context context, CallTimer timer, const grpc::ByteBuffer& request) {
  auto* reactor = new DownloadVideoReactor(context, std::move(timer));
  reactor->stream_id_ = context.streams.Add([reactor](const absl::Status& status) { reactor->End(status); });
  absl::MutexLock lock(&reactor->mutex_);
  if (reactor->is_finished_) return reactor;
  if (const absl::Status status = reactor->Open(request); status.ok()) {
    reactor->SendNext();
  } else {
    reactor->FinishNow(status);
  }
  return reactor;
}

absl::Status DownloadVideoReactor::Open(const grpc::ByteBuffer& bytes) {
  v1::DownloadVideoRequest request;
  WAN_RETURN_IF_ERROR(ParseRequest(bytes, request));
  WAN_ASSIGN_OR_RETURN(const Job job, context_.store.Get(request.job_id()));
  if (job.state != JobState::kSucceeded) return NotReady(job);
  const auto count = static_cast<int>(job.videos.size());
  if (request.index() < 0 || request.index() >= count) {
    return BadField("index", absl::StrCat(request.index(), " is not between 0 and ", count - 1));
  }
  if (request.offset() < 0) return BadField("offset", absl::StrCat(request.offset(), " is negative"));
  const JobVideo& video = job.videos[request.index()];
  if (request.offset() > video.size_bytes) {
    return MakeError(absl::StatusCode::kOutOfRange, kInvalidRequest,
                     absl::StrCat("offset ", request.offset(), " is beyond the ", video.size_bytes, " bytes of video ",
                                  video.index));
  }
  absl::StatusOr<std::unique_ptr<ResultReader>> reader =
      context_.results.Open({.job_id = job.id, .index = video.index, .extension = video.container});
  if (!reader.ok() || (*reader)->size_bytes() != video.size_bytes) {
    WAN_LOG(ERROR) << "job " << job.id << " video " << video.index << ": "
                   << (reader.ok() ? absl::StrCat((*reader)->size_bytes(), " bytes are stored of ", video.size_bytes)
                                   : reader.status().ToString());
    return MakeError(absl::StatusCode::kDataLoss, kStorage,
                     absl::StrCat("video ", video.index, " of job ", job.id, " cannot be read from the result store"));
  }
  reader_ = *std::move(reader);
  video_ = VideoToProto(video);
  offset_ = request.offset();
  return absl::OkStatus();
}

void DownloadVideoReactor::SendNext() {
  absl::StatusOr<std::string> data = reader_->Read(offset_, kChunkBytes);
  if (!data.ok()) return FinishNow(data.status());
  const int64_t end = offset_ + static_cast<int64_t>(data->size());
  if (data->empty() && offset_ < video_.size_bytes()) {
    return FinishNow(
        MakeError(absl::StatusCode::kDataLoss, kStorage, absl::StrCat("the video ends at byte ", offset_)));
  }
  v1::VideoChunk chunk;
  if (std::exchange(is_first_, false)) *chunk.mutable_video() = video_;
  chunk.set_offset(offset_);
  chunk.set_crc32c(Crc32c(*data));
  chunk.set_data(*std::move(data));
  offset_ = end;
  if (offset_ == video_.size_bytes()) end_ = absl::OkStatus();
  is_writing_ = true;
  buffer_ = SerializeReply(chunk);
  StartWrite(&buffer_);
}

void DownloadVideoReactor::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  is_writing_ = false;
  if (!ok) end_ = absl::CancelledError("the client left");
  if (end_.has_value()) return FinishNow(*end_);
  SendNext();
}

void DownloadVideoReactor::End(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (!end_.has_value()) end_ = status;
  if (!is_writing_) FinishNow(*end_);
}

void DownloadVideoReactor::OnCancel() { End(absl::CancelledError("the client left")); }

void DownloadVideoReactor::FinishNow(const absl::Status& status) {
  if (std::exchange(is_finished_, true)) return;
  reader_.reset();
  timer_.End(status);
  Finish(ToGrpcStatus(status));
}

void DownloadVideoReactor::OnDone() {
  context_.streams.Remove(stream_id_);
  delete this;
}

}  // namespace wan

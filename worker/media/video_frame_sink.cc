#include "worker/media/video_frame_sink.h"

#include <filesystem>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "worker/media/file_sha256.h"

namespace wan {
namespace {

constexpr size_t kChunksInFlight = 2;

absl::Status EncodeError(absl::string_view message) {
  return MakeError(absl::StatusCode::kInternal, kEncodeFailed, message);
}

}  // namespace

VideoFrameSink::VideoFrameSink(Options options) : options_(std::move(options)), chunks_(kChunksInFlight) {}

absl::StatusOr<std::unique_ptr<VideoFrameSink>> VideoFrameSink::Create(Options options) {
  std::unique_ptr<VideoFrameSink> sink(new VideoFrameSink(std::move(options)));
  WAN_RETURN_IF_ERROR(sink->OpenVideo(0));
  sink->encoder_ = std::thread([sink = sink.get()] { sink->RunEncoder(); });
  return sink;
}

VideoFrameSink::~VideoFrameSink() {
  {
    const absl::MutexLock lock(&mutex_);
    is_aborted_ = true;
  }
  StopEncoder();
  muxer_.reset();
  for (const EncodedVideo& video : videos_) {
    std::error_code error;
    std::filesystem::remove(video.path, error);
    if (error) {
      WAN_LOG(WARNING) << "remove " << video.path << ": " << error.message();
    }
  }
}

absl::Status VideoFrameSink::Accept(int64_t index, at::Tensor frames) {
  const VideoEncoderOptions& encoder = options_.encoder;
  if (frames.dim() != 4 || frames.size(1) != encoder.height || frames.size(2) != encoder.width || frames.size(3) != 3 ||
      frames.scalar_type() != at::kByte || !frames.is_cpu() || !frames.is_contiguous()) {
    return EncodeError(absl::StrCat("frames must be a contiguous uint8 tensor [t, ", encoder.height, ", ",
                                    encoder.width, ", 3] on the host"));
  }
  if (chunks_.Push({.index = index, .frames = std::move(frames)})) return absl::OkStatus();
  const absl::Status error = first_error();
  return error.ok() ? EncodeError("frames came after the end") : error;
}

absl::StatusOr<std::vector<EncodedVideo>> VideoFrameSink::Finish() {
  StopEncoder();
  WAN_RETURN_IF_ERROR(first_error());
  return std::exchange(videos_, {});
}

absl::Status VideoFrameSink::OpenVideo(int64_t index) {
  VideoMuxer::Options options = {.encoder = options_.encoder};
  options.path = absl::StrCat(options_.folder, "/video-", index, ".", VideoContainerName(options_.encoder.codec));
  if (options_.metadata) options.metadata = options_.metadata(index);
  WAN_ASSIGN_OR_RETURN(muxer_, VideoMuxer::Open(options));
  index_ = index;
  num_frames_ = 0;
  encode_time_ = absl::ZeroDuration();
  return absl::OkStatus();
}

absl::Status VideoFrameSink::CloseVideo() {
  const absl::Time start = absl::Now();
  WAN_ASSIGN_OR_RETURN(const VideoMuxer::Result result, muxer_->Finish());
  videos_.push_back(
      {.index = index_, .path = muxer_->path(), .size_bytes = result.size_bytes, .num_frames = result.num_frames});
  muxer_.reset();
  WAN_ASSIGN_OR_RETURN(videos_.back().sha256, FileSha256(videos_.back().path));
  videos_.back().encode_time = encode_time_ + (absl::Now() - start);
  return absl::OkStatus();
}

// Encoder thread.
void VideoFrameSink::RunEncoder() {
  absl::Status status;
  while (status.ok()) {
    const std::optional<Chunk> chunk = chunks_.Pop();
    {
      const absl::MutexLock lock(&mutex_);
      if (is_aborted_) return;
    }
    status = chunk.has_value() ? Encode(*chunk) : CloseVideo();
    if (!chunk.has_value()) break;
  }
  if (status.ok()) return;
  muxer_.reset();
  {
    const absl::MutexLock lock(&mutex_);
    error_ = status;
  }
  chunks_.Close();  // after the error is in place: whoever is refused asks for it
}

absl::Status VideoFrameSink::Encode(const Chunk& chunk) {
  if (chunk.index != index_) {
    if (chunk.index != index_ + 1) {
      return EncodeError(absl::StrCat("frames of video ", chunk.index, " came during video ", index_));
    }
    WAN_RETURN_IF_ERROR(CloseVideo());
    WAN_RETURN_IF_ERROR(OpenVideo(chunk.index));
  }
  const absl::Time start = absl::Now();
  WAN_RETURN_IF_ERROR(
      muxer_->Write({chunk.frames.const_data_ptr<uint8_t>(), static_cast<size_t>(chunk.frames.numel())}));
  encode_time_ += absl::Now() - start;
  num_frames_ += chunk.frames.size(0);
  if (options_.on_encoded) options_.on_encoded(index_, num_frames_);
  return absl::OkStatus();
}

absl::Status VideoFrameSink::first_error() {
  const absl::MutexLock lock(&mutex_);
  return error_;
}

void VideoFrameSink::StopEncoder() {
  chunks_.Close();
  if (encoder_.joinable()) encoder_.join();
}

}  // namespace wan

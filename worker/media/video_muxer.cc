// The container side. faststart writes moov at the end and then moves it to the front, reading the file again by its
// name: it needs a real file, a custom AVIOContext does not do.
#include "worker/media/video_muxer.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "common/status_macros.h"

namespace wan {
namespace {

absl::Status StorageError(absl::string_view what, const std::string& path, int error) {
  return MakeError(absl::StatusCode::kInternal, kStorage, absl::StrCat(what, " ", path, ": ", LibavErrorText(error)));
}

// Units of time per second in which a frame's duration is a whole number: a multiple of the rate's numerator, fine
// enough for players that add timestamps of their own.
int64_t Timescale(const AVRational& frame_rate) {
  int64_t timescale = frame_rate.num;
  while (timescale < 10000) timescale *= 2;
  return timescale;
}

}  // namespace

class VideoMuxer::Impl {
 public:
  explicit Impl(std::string path) : path_(std::move(path)) {}

  ~Impl() {
    if (is_created_ && !is_finished_) Abandon();
    avformat_free_context(format_);
  }

  absl::Status Open(const Options& options) {
    WAN_ASSIGN_OR_RETURN(encoder_, VideoEncoder::Open(options.encoder));
    const bool is_mp4 = options.encoder.codec == VideoCodec::kH264;
    // The protocol is named because libav would take what stands before a ':' in the path for one.
    const std::string url = absl::StrCat("file:", path_);
    int error = avformat_alloc_output_context2(&format_, nullptr, is_mp4 ? "mp4" : "matroska", url.c_str());
    if (error < 0) {
      return MakeError(
          absl::StatusCode::kFailedPrecondition, kCodecUnavailable,
          absl::StrCat("this libavformat cannot write ", is_mp4 ? "MP4" : "Matroska", ": ", LibavErrorText(error)));
    }
    format_->flags |= AVFMT_FLAG_BITEXACT;
    for (const auto& [key, value] : options.metadata) av_dict_set(&format_->metadata, key.c_str(), value.c_str(), 0);

    stream_ = avformat_new_stream(format_, nullptr);
    if (stream_ == nullptr) return MuxError("add a stream", AVERROR(ENOMEM));
    const AVCodecContext& codec = encoder_->context();
    error = avcodec_parameters_from_context(stream_->codecpar, &codec);
    if (error < 0) return MuxError("describe the stream", error);
    stream_->time_base = codec.time_base;
    stream_->avg_frame_rate = codec.framerate;
    stream_->r_frame_rate = codec.framerate;
    stream_->sample_aspect_ratio = codec.sample_aspect_ratio;

    error = avio_open(&format_->pb, url.c_str(), AVIO_FLAG_WRITE);
    if (error < 0) return StorageError("create", path_, error);
    is_created_ = true;
    AVDictionary* settings = nullptr;
    if (is_mp4) {
      // Plain keys survive only as mdta items; the older atoms have a fixed set of names.
      av_dict_set(&settings, "movflags", "faststart+use_metadata_tags", 0);
      // The movie's clock too, or its durations were rounded to milliseconds.
      av_dict_set_int(&settings, "movie_timescale", Timescale(codec.framerate), 0);
      av_dict_set_int(&settings, "video_track_timescale", Timescale(codec.framerate), 0);
    }
    error = avformat_write_header(format_, &settings);
    av_dict_free(&settings);
    if (error < 0) return MuxError("write the header", error);
    return absl::OkStatus();
  }

  absl::Status Write(std::span<const uint8_t> frames) {
    WAN_RETURN_IF_ERROR(status_);
    return status_ = WriteFrames(frames);
  }

  const std::string& path() const { return path_; }

  absl::StatusOr<Result> Finish() {
    WAN_RETURN_IF_ERROR(status_);
    status_ = Complete();
    WAN_RETURN_IF_ERROR(status_);
    std::error_code error;
    const uintmax_t size = std::filesystem::file_size(path_, error);
    if (error) return status_ = StorageError("size of", path_, AVERROR(error.value()));
    is_finished_ = true;
    status_ = MakeError(absl::StatusCode::kInternal, kEncodeFailed, absl::StrCat(path_, " is finished"));
    return Result{.size_bytes = static_cast<int64_t>(size), .num_frames = encoder_->num_frames()};
  }

 private:
  absl::Status WriteFrames(std::span<const uint8_t> frames) {
    const AVCodecContext& codec = encoder_->context();
    const size_t frame_bytes = size_t{3} * codec.width * codec.height;
    if (frames.size() % frame_bytes != 0) {
      return MakeError(absl::StatusCode::kInternal, kEncodeFailed,
                       absl::StrCat(frames.size(), " bytes are no whole number of frames of ", frame_bytes));
    }
    for (; !frames.empty(); frames = frames.subspan(frame_bytes)) {
      WAN_RETURN_IF_ERROR(encoder_->Encode(frames.first(frame_bytes), [this](AVPacket& p) { return WritePacket(p); }));
    }
    return absl::OkStatus();
  }

  absl::Status WritePacket(AVPacket& packet) {
    packet.stream_index = stream_->index;
    av_packet_rescale_ts(&packet, encoder_->context().time_base, stream_->time_base);
    const int error = av_write_frame(format_, &packet);
    return error < 0 ? MuxError("write", error) : absl::OkStatus();
  }

  absl::Status Complete() {
    if (encoder_->num_frames() == 0) {
      return MakeError(absl::StatusCode::kInternal, kEncodeFailed, absl::StrCat("no frame for ", path_));
    }
    WAN_RETURN_IF_ERROR(encoder_->Flush([this](AVPacket& p) { return WritePacket(p); }));
    if (const int error = av_write_trailer(format_); error < 0) return StorageError("complete", path_, error);
    // Closing writes what is buffered, and reports what an earlier write met.
    if (const int error = avio_closep(&format_->pb); error < 0) return StorageError("close", path_, error);
    return absl::OkStatus();
  }

  // The file's own error, where it has one, is the cause of what the muxer reports.
  absl::Status MuxError(absl::string_view what, int error) const {
    if (format_->pb != nullptr && format_->pb->error < 0) return StorageError(what, path_, format_->pb->error);
    return MakeError(absl::StatusCode::kInternal, kEncodeFailed,
                     absl::StrCat(what, " ", path_, ": ", LibavErrorText(error)));
  }

  void Abandon() {
    avio_closep(&format_->pb);
    std::error_code error;
    if (!std::filesystem::is_regular_file(path_, error)) return;  // a device or pipe is not ours to remove
    std::filesystem::remove(path_, error);
    if (error) {
      WAN_LOG(WARNING) << "remove half-written " << path_ << ": " << error.message();
    }
  }

  const std::string path_;
  std::unique_ptr<VideoEncoder> encoder_;
  AVFormatContext* format_ = nullptr;
  AVStream* stream_ = nullptr;  // format_'s
  absl::Status status_;         // the first error
  bool is_created_ = false;
  bool is_finished_ = false;
};

VideoMuxer::VideoMuxer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VideoMuxer::~VideoMuxer() = default;

absl::StatusOr<std::unique_ptr<VideoMuxer>> VideoMuxer::Open(const Options& options) {
  auto impl = std::make_unique<Impl>(options.path);
  WAN_RETURN_IF_ERROR(impl->Open(options));
  return std::unique_ptr<VideoMuxer>(new VideoMuxer(std::move(impl)));
}

absl::Status VideoMuxer::Write(std::span<const uint8_t> frames) { return impl_->Write(frames); }

absl::StatusOr<VideoMuxer::Result> VideoMuxer::Finish() { return impl_->Finish(); }

const std::string& VideoMuxer::path() const { return impl_->path(); }

}  // namespace wan

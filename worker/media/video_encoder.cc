#include "worker/media/video_encoder.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <cstdarg>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/error.h"
#include "common/log.h"
#include "common/status_macros.h"

namespace wan {
namespace {

struct LibavDeleter {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};
template <typename T>
using LibavPtr = std::unique_ptr<T, LibavDeleter>;

absl::Status EncodeError(absl::string_view what, int error) {
  return MakeError(absl::StatusCode::kInternal, kEncodeFailed, absl::StrCat(what, ": ", LibavErrorText(error)));
}

// libav and x264 tell on the log what an error number only hints at ("invalid preset").
void LogLibavLine(void* object, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING) return;
  char line[512];
  int print_prefix = 1;
  av_log_format_line2(object, level, format, arguments, line, sizeof line, &print_prefix);
  const absl::string_view text = absl::StripSuffix(line, "\n");
  if (level <= AV_LOG_ERROR) {
    WAN_LOG(WARNING) << text;
  } else {
    WAN_LOG(DEBUG) << text;
  }
}

// The callback is libav's only place for it, one per process; setting it again changes nothing.
void RouteLibavLog() { av_log_set_callback(&LogLibavLine); }

const char* EncoderName(VideoCodec codec) { return codec == VideoCodec::kH264 ? "libx264" : "ffv1"; }

// Chroma sits at the left pixel of each pair, as H.264 readers assume where nothing is said; swscale's default is the
// middle. Its default matrix is BT.601.
absl::StatusOr<LibavPtr<SwsContext>> MakeBt709Converter(int width, int height) {
  LibavPtr<SwsContext> converter(sws_alloc_context());
  if (converter == nullptr) return EncodeError("colour conversion", AVERROR(ENOMEM));
  const std::pair<const char*, int64_t> settings[] = {
      {"srcw", width},
      {"srch", height},
      {"src_format", AV_PIX_FMT_RGB24},
      {"dstw", width},
      {"dsth", height},
      {"dst_format", AV_PIX_FMT_YUV420P},
      {"dst_h_chr_pos", 0},
      {"dst_v_chr_pos", 128},
      {"sws_flags", SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_BITEXACT},
  };
  for (const auto& [name, value] : settings) {
    if (const int error = av_opt_set_int(converter.get(), name, value, 0); error < 0) {
      return EncodeError(absl::StrCat("colour conversion, option ", name), error);
    }
  }
  if (const int error = sws_init_context(converter.get(), nullptr, nullptr); error < 0) {
    return EncodeError("colour conversion", error);
  }
  const int* bt709 = sws_getCoefficients(SWS_CS_ITU709);
  constexpr int kFullRange = 1;
  constexpr int kLimitedRange = 0;
  constexpr int kUnity = 1 << 16;
  if (sws_setColorspaceDetails(converter.get(), bt709, kFullRange, bt709, kLimitedRange, 0, kUnity, kUnity) < 0) {
    return EncodeError("colour conversion to BT.709", AVERROR(ENOSYS));
  }
  return converter;
}

// 8-bit RGB in FFV1 is stored as bgr0: blue, green, red, nothing.
void CopyToBgr0(const uint8_t* rgb, int width, int height, uint8_t* bgr0, int stride) {
  for (int y = 0; y < height; ++y) {
    uint8_t* out = bgr0 + static_cast<ptrdiff_t>(y) * stride;
    for (int x = 0; x < width; ++x, rgb += 3, out += 4) {
      out[0] = rgb[2];
      out[1] = rgb[1];
      out[2] = rgb[0];
      out[3] = 0;
    }
  }
}

void SetColours(VideoCodec codec, AVCodecContext& context) {
  const bool is_h264 = codec == VideoCodec::kH264;
  context.pix_fmt = is_h264 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_BGR0;
  context.color_range = is_h264 ? AVCOL_RANGE_MPEG : AVCOL_RANGE_JPEG;
  context.colorspace = is_h264 ? AVCOL_SPC_BT709 : AVCOL_SPC_RGB;
  context.color_primaries = AVCOL_PRI_BT709;
  context.color_trc = AVCOL_TRC_BT709;
  if (is_h264) context.chroma_sample_location = AVCHROMA_LOC_LEFT;
}

}  // namespace

class VideoEncoder::Impl {
 public:
  absl::Status Open(const VideoEncoderOptions& options) {
    RouteLibavLog();
    const AVCodec* codec = avcodec_find_encoder_by_name(EncoderName(options.codec));
    context_.reset(codec == nullptr ? nullptr : avcodec_alloc_context3(codec));
    if (context_ == nullptr) {
      return MakeError(absl::StatusCode::kFailedPrecondition, kCodecUnavailable,
                       absl::StrCat("this libavcodec has no encoder ", EncoderName(options.codec)));
    }
    // 4:2:0 has one chroma sample for two pixels. Asked here: libx264 refuses as well, but leaks what it began.
    if (options.codec == VideoCodec::kH264 && (options.width % 2 != 0 || options.height % 2 != 0)) {
      return MakeError(absl::StatusCode::kInternal, kEncodeFailed,
                       absl::StrCat("libx264: ", options.width, "x", options.height, " is not even"));
    }
    context_->width = static_cast<int>(options.width);
    context_->height = static_cast<int>(options.height);
    context_->sample_aspect_ratio = {1, 1};
    av_reduce(&context_->framerate.num, &context_->framerate.den, options.frame_rate.numerator,
              options.frame_rate.denominator, INT32_MAX);
    context_->time_base = av_inv_q(context_->framerate);
    context_->thread_count = options.threads;
    context_->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_GLOBAL_HEADER;  // parameter sets go into the container
    SetColours(options.codec, *context_);
    WAN_RETURN_IF_ERROR(OpenCodec(codec, options));

    if (options.codec == VideoCodec::kH264) {
      WAN_ASSIGN_OR_RETURN(converter_, MakeBt709Converter(context_->width, context_->height));
    }
    frame_.reset(av_frame_alloc());
    packet_.reset(av_packet_alloc());
    if (frame_ == nullptr || packet_ == nullptr) return EncodeError("allocate a frame", AVERROR(ENOMEM));
    frame_->width = context_->width;
    frame_->height = context_->height;
    frame_->format = context_->pix_fmt;
    frame_->color_range = context_->color_range;
    frame_->colorspace = context_->colorspace;
    frame_->color_primaries = context_->color_primaries;
    frame_->color_trc = context_->color_trc;
    frame_->chroma_location = context_->chroma_sample_location;
    frame_->sample_aspect_ratio = context_->sample_aspect_ratio;
    if (const int error = av_frame_get_buffer(frame_.get(), 0); error < 0) {
      return EncodeError("allocate a frame", error);
    }
    return absl::OkStatus();
  }

  absl::Status Encode(std::span<const uint8_t> rgb, const PacketHandler& handler) {
    const size_t frame_bytes = size_t{3} * context_->width * context_->height;
    if (rgb.size() != frame_bytes) {
      return MakeError(absl::StatusCode::kInternal, kEncodeFailed,
                       absl::StrCat("a frame of ", rgb.size(), " bytes where ", frame_bytes, " are due"));
    }
    if (const int error = av_frame_make_writable(frame_.get()); error < 0) {  // the encoder may still hold the last
      return EncodeError("allocate a frame", error);
    }
    if (converter_ != nullptr) {
      const uint8_t* planes[] = {rgb.data()};
      const int strides[] = {3 * context_->width};
      const int rows =
          sws_scale(converter_.get(), planes, strides, 0, context_->height, frame_->data, frame_->linesize);
      if (rows != context_->height) return EncodeError("convert colours", rows < 0 ? rows : AVERROR_EXTERNAL);
    } else {
      CopyToBgr0(rgb.data(), context_->width, context_->height, frame_->data[0], frame_->linesize[0]);
    }
    frame_->pts = num_frames_++;
    return Send(frame_.get(), handler);
  }

  absl::Status Send(const AVFrame* frame, const PacketHandler& handler) {
    if (const int error = avcodec_send_frame(context_.get(), frame); error < 0) {
      return EncodeError(absl::StrCat("encode frame ", num_frames_), error);
    }
    while (true) {
      const int error = avcodec_receive_packet(context_.get(), packet_.get());
      if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return absl::OkStatus();
      if (error < 0) return EncodeError(absl::StrCat("encode frame ", num_frames_), error);
      // Not set by every encoder; without it the last frame lasts no time and the rate comes out too high.
      packet_->duration = 1;
      const absl::Status status = handler(*packet_);
      av_packet_unref(packet_.get());
      WAN_RETURN_IF_ERROR(status);
    }
  }

  const AVCodecContext& context() const { return *context_; }
  int64_t num_frames() const { return num_frames_; }

 private:
  absl::Status OpenCodec(const AVCodec* codec, const VideoEncoderOptions& options) {
    AVDictionary* settings = nullptr;
    if (options.codec == VideoCodec::kH264) {
      av_dict_set(&settings, "preset", options.preset.c_str(), 0);
      av_dict_set(&settings, "profile", "high", 0);  // what every player decodes; crf 0 would need a higher one
      av_dict_set_int(&settings, "crf", options.crf, 0);
    } else {
      context_->gop_size = 1;
      av_dict_set_int(&settings, "level", 3, 0);
      av_dict_set_int(&settings, "slicecrc", 1, 0);
    }
    const int error = avcodec_open2(context_.get(), codec, &settings);
    const AVDictionaryEntry* unknown = av_dict_get(settings, "", nullptr, AV_DICT_IGNORE_SUFFIX);
    const std::string unknown_name = unknown == nullptr ? "" : unknown->key;
    av_dict_free(&settings);
    const std::string what =
        absl::StrCat("open encoder ", EncoderName(options.codec), " for ", options.width, "x", options.height, " at ",
                     options.frame_rate.numerator, "/", options.frame_rate.denominator);
    if (error < 0) return EncodeError(what, error);
    if (!unknown_name.empty())
      return EncodeError(absl::StrCat(what, ", option ", unknown_name), AVERROR_OPTION_NOT_FOUND);
    return absl::OkStatus();
  }

  LibavPtr<AVCodecContext> context_;
  LibavPtr<SwsContext> converter_;  // h264 only
  LibavPtr<AVFrame> frame_;
  LibavPtr<AVPacket> packet_;
  int64_t num_frames_ = 0;
};

VideoEncoder::VideoEncoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VideoEncoder::~VideoEncoder() = default;

absl::StatusOr<std::unique_ptr<VideoEncoder>> VideoEncoder::Open(const VideoEncoderOptions& options) {
  auto impl = std::make_unique<Impl>();
  WAN_RETURN_IF_ERROR(impl->Open(options));
  return std::unique_ptr<VideoEncoder>(new VideoEncoder(std::move(impl)));
}

absl::Status VideoEncoder::Encode(std::span<const uint8_t> rgb, const PacketHandler& handler) {
  return impl_->Encode(rgb, handler);
}

absl::Status VideoEncoder::Flush(const PacketHandler& handler) { return impl_->Send(nullptr, handler); }

const AVCodecContext& VideoEncoder::context() const { return impl_->context(); }

int64_t VideoEncoder::num_frames() const { return impl_->num_frames(); }

std::string LibavErrorText(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof text);
  return text;
}

}  // namespace wan

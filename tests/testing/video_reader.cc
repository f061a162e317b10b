#include "tests/testing/video_reader.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <array>
#include <fstream>
#include <memory>
#include <ostream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/sha256.h"
#include "common/status_macros.h"

namespace wan {
namespace {

struct LibavDeleter {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};
template <typename T>
using LibavPtr = std::unique_ptr<T, LibavDeleter>;

absl::Status Failed(absl::string_view what, int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof text);
  return absl::InternalError(absl::StrCat(what, ": ", text));
}

std::string OrEmpty(const char* text) { return text == nullptr ? "" : text; }

Rational Seconds(int64_t ticks, AVRational time_base) {
  return {.numerator = ticks * time_base.num, .denominator = time_base.den};
}

// Each box: 4 bytes of size, 4 of name, both counted; size 1 means that 8 more bytes hold it, 0 that it is the last.
std::vector<std::string> ReadBoxNames(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> names;
  std::array<unsigned char, 16> head;
  while (file.read(reinterpret_cast<char*>(head.data()), 8)) {
    const auto number = [&head](int from, int to) {
      uint64_t value = 0;
      for (int i = from; i < to; ++i) value = value << 8 | head[i];
      return value;
    };
    names.emplace_back(reinterpret_cast<const char*>(head.data()) + 4, 4);
    uint64_t size = number(0, 4);
    uint64_t read = 8;
    if (size == 1 && file.read(reinterpret_cast<char*>(head.data()) + 8, 8)) {
      size = number(8, 16);
      read = 16;
    }
    if (size < read) break;
    file.seekg(static_cast<std::streamoff>(size - read), std::ios::cur);
  }
  return names;
}

// bgr0 comes out exactly; YUV by the matrix and range of the frame.
absl::Status AppendRgb(const AVFrame& frame, std::vector<uint8_t>& frames) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const LibavPtr<SwsContext> converter(
      sws_getContext(frame.width, frame.height, format, frame.width, frame.height, AV_PIX_FMT_RGB24,
                     SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr));
  if (converter == nullptr) return absl::InternalError("no colour conversion");
  if (format == AV_PIX_FMT_YUV420P) {
    const int* matrix = sws_getCoefficients(frame.colorspace == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
    const int is_full = frame.color_range == AVCOL_RANGE_JPEG;
    sws_setColorspaceDetails(converter.get(), matrix, is_full, matrix, 1, 0, 1 << 16, 1 << 16);
  }
  // A row of slack: swscale may write past the end of the last one.
  std::vector<uint8_t> rgb(size_t{3} * frame.width * (frame.height + 1) + 64);
  uint8_t* const planes[] = {rgb.data()};
  const int strides[] = {3 * frame.width};
  if (sws_scale(converter.get(), frame.data, frame.linesize, 0, frame.height, planes, strides) != frame.height) {
    return absl::InternalError("colour conversion");
  }
  frames.insert(frames.end(), rgb.begin(), rgb.begin() + 3 * frame.width * frame.height);
  return absl::OkStatus();
}

void Describe(AVFormatContext& format, AVStream& stream, DecodedVideo& video) {
  const AVCodecParameters& codec = *stream.codecpar;
  video.codec = OrEmpty(avcodec_get_name(codec.codec_id));
  std::array<char, AV_FOURCC_MAX_STRING_SIZE> tag = {};
  video.codec_tag = av_fourcc_make_string(tag.data(), codec.codec_tag);
  video.profile = OrEmpty(avcodec_profile_name(codec.codec_id, codec.profile));
  video.pixel_format = OrEmpty(av_get_pix_fmt_name(static_cast<AVPixelFormat>(codec.format)));
  video.color_range = OrEmpty(av_color_range_name(codec.color_range));
  video.color_space = OrEmpty(av_color_space_name(codec.color_space));
  video.color_primaries = OrEmpty(av_color_primaries_name(codec.color_primaries));
  video.color_transfer = OrEmpty(av_color_transfer_name(codec.color_trc));
  video.chroma_location = OrEmpty(av_chroma_location_name(codec.chroma_location));
  video.width = codec.width;
  video.height = codec.height;
  const AVRational aspect = av_guess_sample_aspect_ratio(&format, &stream, nullptr);
  video.sample_aspect_ratio = {aspect.num, aspect.den};
  video.average_frame_rate = {stream.avg_frame_rate.num, stream.avg_frame_rate.den};
  video.has_parameter_sets = codec.extradata_size > 0;
  video.container_seconds = Seconds(format.duration, {1, AV_TIME_BASE});
  video.start_seconds = Seconds(stream.start_time, stream.time_base);
  video.duration_seconds =
      stream.duration == AV_NOPTS_VALUE ? video.container_seconds : Seconds(stream.duration, stream.time_base);
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(format.metadata, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr) {
    video.metadata[entry->key] = entry->value;
  }
}

absl::Status TakeFrames(AVCodecContext& decoder, AVRational time_base, DecodedVideo& video) {
  const LibavPtr<AVFrame> frame(av_frame_alloc());
  while (true) {
    const int error = avcodec_receive_frame(&decoder, frame.get());
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return absl::OkStatus();
    if (error < 0) return Failed("decode", error);
    video.frame_times_seconds.push_back(Seconds(frame->best_effort_timestamp, time_base));
    WAN_RETURN_IF_ERROR(AppendRgb(*frame, video.frames));
    ++video.num_frames;
  }
}

}  // namespace

void PrintTo(const Rational& rational, std::ostream* stream) {
  *stream << rational.numerator << "/" << rational.denominator;
}

absl::StatusOr<DecodedVideo> ReadVideo(const std::string& path) {
  AVFormatContext* opened = nullptr;
  if (const int error = avformat_open_input(&opened, absl::StrCat("file:", path).c_str(), nullptr, nullptr);
      error < 0) {
    return Failed(absl::StrCat("open ", path), error);
  }
  const LibavPtr<AVFormatContext> format(opened);
  if (const int error = avformat_find_stream_info(format.get(), nullptr); error < 0) return Failed("probe", error);
  const int index = av_find_best_stream(format.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0) return Failed("find a video stream", index);
  AVStream& stream = *format->streams[index];

  DecodedVideo video;
  Describe(*format, stream, video);
  if (video.codec == "h264") video.boxes = ReadBoxNames(path);

  const LibavPtr<AVCodecContext> decoder(avcodec_alloc_context3(avcodec_find_decoder(stream.codecpar->codec_id)));
  avcodec_parameters_to_context(decoder.get(), stream.codecpar);
  decoder->thread_count = 1;
  if (const int error = avcodec_open2(decoder.get(), nullptr, nullptr); error < 0) return Failed("open decoder", error);
  const LibavPtr<AVPacket> packet(av_packet_alloc());
  while (av_read_frame(format.get(), packet.get()) >= 0) {
    if (packet->stream_index == index) {
      ++video.num_packets;
      if (const int error = avcodec_send_packet(decoder.get(), packet.get()); error < 0) return Failed("decode", error);
      WAN_RETURN_IF_ERROR(TakeFrames(*decoder, stream.time_base, video));
    }
    av_packet_unref(packet.get());
  }
  avcodec_send_packet(decoder.get(), nullptr);
  WAN_RETURN_IF_ERROR(TakeFrames(*decoder, stream.time_base, video));
  return video;
}

std::string FramesSha256(std::span<const uint8_t> frames) {
  return Sha256Hex({reinterpret_cast<const char*>(frames.data()), frames.size()});
}

}  // namespace wan

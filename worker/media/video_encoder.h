#ifndef WAN_WORKER_MEDIA_VIDEO_ENCODER_H_
#define WAN_WORKER_MEDIA_VIDEO_ENCODER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/generation/spec.h"

struct AVCodecContext;
struct AVPacket;

namespace wan {

struct VideoEncoderOptions {
  int64_t width = 0;  // multiples of 2 for h264
  int64_t height = 0;
  FrameRate frame_rate = {};
  VideoCodec codec = VideoCodec::kH264;
  int crf = 18;                   // h264: constant quality, 1 (best) to 51
  std::string preset = "medium";  // h264: speed for size, as libx264 names them
  int threads = 1;                // the bytes depend on it
};

// RGB frames → packets of one codec. With the muxer and the test's reader the only code that sees libav.
//   h264  libx264, 8-bit 4:2:0, BT.709 in limited range, profile High or below
//   ffv1  RGB without loss, every frame a key frame
// One thread at a time. Same options, frames and CPU type: same packets.
class VideoEncoder {
 public:
  // Takes each packet as it is made; its timestamps count frames.
  using PacketHandler = std::function<absl::Status(AVPacket&)>;

  // Errors: FAILED_PRECONDITION / CODEC_UNAVAILABLE when this libavcodec cannot open the encoder at all,
  // INTERNAL / ENCODE_FAILED when it refuses these options.
  static absl::StatusOr<std::unique_ptr<VideoEncoder>> Open(const VideoEncoderOptions& options);
  ~VideoEncoder();

  // `rgb`: one frame, [height, width, 3]. Errors: INTERNAL / ENCODE_FAILED, or what `handler` returned.
  absl::Status Encode(std::span<const uint8_t> rgb, const PacketHandler& handler);

  // Hands out what is still inside. Call once, after the last frame.
  absl::Status Flush(const PacketHandler& handler);

  const AVCodecContext& context() const;
  int64_t num_frames() const;  // given to Encode()

 private:
  class Impl;
  explicit VideoEncoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What libav says to an error number.
std::string LibavErrorText(int error);

}  // namespace wan

#endif  // WAN_WORKER_MEDIA_VIDEO_ENCODER_H_

#ifndef WAN_WORKER_MEDIA_VIDEO_MUXER_H_
#define WAN_WORKER_MEDIA_VIDEO_MUXER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/media/video_encoder.h"

namespace wan {

// RGB frames → one video file.
//   h264  MP4: avc1 with parameter sets in the header, moov before mdat (fast start)
//   ffv1  Matroska
// Every frame lasts exactly 1/rate in MP4, also a single one; Matroska counts milliseconds, its rate is exact.
// No time of creation and no random identifier is stored: same frames and options, same bytes. One thread at a time.
class VideoMuxer {
 public:
  struct Options {
    std::string path = {};  // created or overwritten
    VideoEncoderOptions encoder = {};
    std::map<std::string, std::string> metadata = {};  // tags of the file; Matroska stores the keys in capitals
  };
  struct Result {
    int64_t size_bytes = 0;
    int64_t num_frames = 0;
  };

  // Errors, here and below: INTERNAL / STORAGE when the file cannot be written (disk full, no such folder), and those
  // of VideoEncoder. The first one stays and is returned from each later call.
  static absl::StatusOr<std::unique_ptr<VideoMuxer>> Open(const Options& options);

  // Removes the file unless Finish() succeeded.
  ~VideoMuxer();

  // `frames`: any number of whole frames, [t, height, width, 3].
  absl::Status Write(std::span<const uint8_t> frames);

  // Completes and closes the file. ENCODE_FAILED when it has no frame.
  absl::StatusOr<Result> Finish();

  const std::string& path() const;

 private:
  class Impl;
  explicit VideoMuxer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wan

#endif  // WAN_WORKER_MEDIA_VIDEO_MUXER_H_

#ifndef WAN_WORKER_MEDIA_VIDEO_FRAME_SINK_H_
#define WAN_WORKER_MEDIA_VIDEO_FRAME_SINK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/channel.h"
#include "worker/media/video_muxer.h"
#include "worker/pipeline/frame_sink.h"

namespace wan {

struct EncodedVideo {
  int64_t index = 0;
  std::string path = {};
  int64_t size_bytes = 0;
  int64_t num_frames = 0;
  std::string sha256 = {};          // of the file, 64 lower-case hexadecimal digits
  absl::Duration encode_time = {};  // spent on it in the encoder thread
};

// Encodes a job's frames in a thread of its own while the next ones are decoded: one file for each video,
// `folder`/video-INDEX.mp4 or .mkv. The thread is fed through a channel of two chunks, so a slow encoder slows
// decoding. Accept() and Finish() belong to one thread, the compute thread.
class VideoFrameSink final : public FrameSink {
 public:
  struct Options {
    std::string folder = {};  // must exist; one job's alone
    VideoEncoderOptions encoder = {};
    std::function<std::map<std::string, std::string>(int64_t index)> metadata =
        {};  // tags of video `index`; may be empty
    // Called in the encoder thread with the frames of video `index` that are encoded so far; may be empty.
    std::function<void(int64_t index, int64_t num_frames)> on_encoded = {};
  };

  // Opens the first video's file at once, so that an unusable codec or folder ends the job before it computes. Errors,
  // here and below: those of VideoMuxer.
  static absl::StatusOr<std::unique_ptr<VideoFrameSink>> Create(Options options);

  // Without a successful Finish(): stops encoding and removes all files.
  ~VideoFrameSink() override;

  // The first error of the encoder thread stays; it comes back from the next Accept() and from Finish().
  absl::Status Accept(int64_t index, at::Tensor frames) override;

  // Waits for the encoder. The files are the caller's from then on. Call once, after the last frame.
  absl::StatusOr<std::vector<EncodedVideo>> Finish();

 private:
  struct Chunk {
    int64_t index;
    at::Tensor frames;  // [t, h, w, 3] uint8
  };

  explicit VideoFrameSink(Options options);

  absl::Status OpenVideo(int64_t index);
  absl::Status CloseVideo();
  void RunEncoder();
  absl::Status Encode(const Chunk& chunk);
  absl::Status first_error() ABSL_LOCKS_EXCLUDED(mutex_);
  void StopEncoder();

  const Options options_;
  Channel<Chunk> chunks_;

  // The encoder thread's while it runs.
  std::unique_ptr<VideoMuxer> muxer_;
  int64_t index_ = 0;                 // of the video in muxer_
  int64_t num_frames_ = 0;            // encoded of it
  absl::Duration encode_time_;        // spent on it
  std::vector<EncodedVideo> videos_;  // complete ones

  absl::Mutex mutex_;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  bool is_aborted_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread encoder_;  // last: sees all of the above
};

}  // namespace wan

#endif  // WAN_WORKER_MEDIA_VIDEO_FRAME_SINK_H_

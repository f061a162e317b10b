#ifndef WAN_SERVER_API_DOWNLOAD_VIDEO_REACTOR_H_
#define WAN_SERVER_API_DOWNLOAD_VIDEO_REACTOR_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/api/call_timer.h"
#include "server/api/live_streams.h"
#include "server/job/job_store.h"
#include "server/result/result_store.h"
#include "wan/v1/video_generation.pb.h"

namespace wan {

// One DownloadVideo stream: a chunk is read when the one before it is sent, so a slow client costs one chunk of memory.
// At the very end of the file (offset = size) it is one message without data.
class DownloadVideoReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  struct Context {  // all borrowed
    JobStore& store;
    ResultStore& results;
    LiveStreams& streams;
  };

  // The reactor owns itself until the call is done.
  static DownloadVideoReactor* Start(Context context, CallTimer timer, const grpc::ByteBuffer& request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  DownloadVideoReactor(Context context, CallTimer timer);
  absl::Status Open(const grpc::ByteBuffer& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const absl::Status& status);
  void SendNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishNow(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Context context_;
  int64_t stream_id_ = 0;

  absl::Mutex mutex_;
  CallTimer timer_ ABSL_GUARDED_BY(mutex_);
  v1::Video video_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<ResultReader> reader_ ABSL_GUARDED_BY(mutex_);
  int64_t offset_ ABSL_GUARDED_BY(mutex_) = 0;  // of the next chunk
  bool is_first_ ABSL_GUARDED_BY(mutex_) = true;
  grpc::ByteBuffer buffer_ ABSL_GUARDED_BY(mutex_);  // of the write in flight
  bool is_writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);  // set when the stream is to end
  bool is_finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace wan

#endif  // WAN_SERVER_API_DOWNLOAD_VIDEO_REACTOR_H_

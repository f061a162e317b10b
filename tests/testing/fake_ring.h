#ifndef WAN_TESTS_TESTING_FAKE_RING_H_
#define WAN_TESTS_TESTING_FAKE_RING_H_

#include <grpcpp/server.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "wan/worker/v1/ring_worker.grpc.pb.h"

namespace wan {

// What one Execute call does: Started, the steps, perhaps a wait, then the error or the videos.
struct FakeRun {
  int steps = 2;
  bool waits = false;    // after the steps, until Release() or the end of the call
  absl::Status refusal;  // not OK: instead of everything, Started included
  absl::Status error;    // not OK: instead of the videos
  std::vector<std::string> videos = {"bytes of a video"};
  size_t chunk_bytes = 1 << 20;
  bool gives_wrong_size = false;
  bool gives_wrong_sha256 = false;
  bool skips_a_chunk = false;  // the first one
  bool leaves_out_completed = false;
};

// A RingWorker on a port of this process. Any thread.
class FakeRing final : public worker::v1::RingWorker::Service {
 public:
  explicit FakeRing(std::string model = "wan-shapes", std::vector<std::string> codecs = {"h264", "ffv1"});
  ~FakeRing() override;

  std::string address() const;

  // The next calls do these, in order; the ones after them a plain FakeRun.
  void Script(FakeRun run);
  void SetState(v1::RingState state);
  // The watch says nothing any more, as of a frozen process.
  void FallSilent();

  // Ends the process, as far as others can tell; Start() is its successor at the same address.
  void Kill();
  void Start();

  void Release();  // every call that waits, now or later

  // Wait for the n-th call to begin, to wait, or to be seen cancelled. False after 20 s.
  bool AwaitBegun(int count) const;
  bool AwaitWaiting(int count) const;
  bool AwaitCancelled(int count) const;
  std::vector<worker::v1::ExecuteRequest> requests() const;

  grpc::Status Execute(grpc::ServerContext* call, const worker::v1::ExecuteRequest* request,
                       grpc::ServerWriter<worker::v1::ExecuteEvent>* writer) override;
  grpc::Status Watch(grpc::ServerContext* call, const worker::v1::WatchRequest* request,
                     grpc::ServerWriter<worker::v1::RingStatus>* writer) override;

 private:
  FakeRun NextRun(const worker::v1::ExecuteRequest& request);
  bool Wait(grpc::ServerContext& call);
  static void SendVideos(const FakeRun& run, const v1::GenerationSpec& spec,
                         grpc::ServerWriter<worker::v1::ExecuteEvent>& writer);
  bool Await(const int& counter, int count) const;

  const std::string model_;
  const std::vector<std::string> codecs_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;

  mutable absl::Mutex mutex_;
  std::deque<FakeRun> script_ ABSL_GUARDED_BY(mutex_);
  std::vector<worker::v1::ExecuteRequest> requests_ ABSL_GUARDED_BY(mutex_);
  v1::RingState state_ ABSL_GUARDED_BY(mutex_) = v1::RING_STATE_READY;
  std::string job_id_ ABSL_GUARDED_BY(mutex_);
  bool is_silent_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_killed_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_released_ ABSL_GUARDED_BY(mutex_) = false;
  int generation_ ABSL_GUARDED_BY(mutex_) = 0;
  int begun_ ABSL_GUARDED_BY(mutex_) = 0;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  int cancelled_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace wan

#endif  // WAN_TESTS_TESTING_FAKE_RING_H_

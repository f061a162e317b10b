// The server's side of one ring: what the ring says about itself, and the call that runs a job on it.
#ifndef WAN_SERVER_RING_RING_CLIENT_H_
#define WAN_SERVER_RING_RING_CLIENT_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "wan/worker/v1/ring_worker.grpc.pb.h"

namespace wan {

struct RingClientOptions {
  absl::Duration min_backoff = absl::Milliseconds(200);  // between attempts to watch the ring; doubles
  absl::Duration max_backoff = absl::Seconds(5);
  absl::Duration max_silence = absl::Seconds(15);  // of the watch; a ring repeats its status more often
};

// Owns the thread that watches the ring. Any thread may call anything but Execute(), which has one caller at a time.
class RingClient {
 public:
  struct Snapshot {
    worker::v1::RingStatus status;  // state UNREACHABLE and nothing else while the ring cannot be watched
    std::string detail;             // why it is unreachable
    uint64_t version = 0;           // grows with every change but that of the uptime, and with Interrupt()
  };

  // `on_change` is called from the watching thread after each change of the snapshot.
  RingClient(std::string name, const std::string& address, RingClientOptions options, std::function<void()> on_change);
  ~RingClient();

  Snapshot snapshot() const;

  // Waits until the version differs from `seen`, at most `timeout`.
  void WaitForChange(uint64_t seen, absl::Duration timeout) const;
  void Interrupt();

  // Runs a job; blocks to its end. `on_event` gets each event on this thread; when it fails, the call is cancelled and
  // its error is the result. A request on `stop` cancels the call: the result is CANCELLED unless the call was over.
  // Errors of the ring come with its details; a ring that vanished is UNAVAILABLE.
  absl::Status Execute(const worker::v1::ExecuteRequest& request, std::stop_token stop,
                       absl::FunctionRef<absl::Status(const worker::v1::ExecuteEvent&)> on_event);

  // What is known of the ring no longer holds (a call broke): UNREACHABLE until a new watch says otherwise.
  void MarkLost(absl::string_view detail);

 private:
  void WatchLoop();
  // One watch from its start to its end; true when the ring answered.
  bool WatchOnce();
  void EndWatch(const std::shared_ptr<grpc::ClientContext>& watch, const absl::Status& end, bool was_silent);
  // Ignored when `watch` is no longer the current one.
  void Update(const std::shared_ptr<grpc::ClientContext>& watch, const worker::v1::RingStatus& status);
  // True when the snapshot changed.
  bool SetUnreachable(absl::string_view detail) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string name_;
  const RingClientOptions options_;
  const std::function<void()> on_change_;
  const std::unique_ptr<worker::v1::RingWorker::Stub> stub_;

  mutable absl::Mutex mutex_;
  Snapshot snapshot_ ABSL_GUARDED_BY(mutex_);
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<grpc::ClientContext> watch_ ABSL_GUARDED_BY(mutex_);  // null between watches and after MarkLost()
  grpc::ClientContext* execution_ ABSL_GUARDED_BY(mutex_) = nullptr;    // null between calls
  bool execution_is_lost_ ABSL_GUARDED_BY(mutex_) = false;              // given up since the ring is silent

  std::thread thread_;  // last: starts when all is there
};

}  // namespace wan

#endif  // WAN_SERVER_RING_RING_CLIENT_H_

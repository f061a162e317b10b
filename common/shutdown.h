// SIGTERM and SIGINT as a stop token.
//
//   ShutdownSignal shutdown;                 // first thing in main, before any thread exists
//   ...
//   shutdown.AddCallback([&] { server.Drain(); });
//   shutdown.Wait();
//
// The signals are blocked in the calling thread, and so in every thread started later, and are taken by a thread of
// this object: callbacks are ordinary code. Later signals of the kind change nothing: a terminal's Ctrl-C reaches a
// supervisor and its children, which then get the supervisor's SIGTERM as well. They stay blocked when the object is
// gone, and in children of fork and exec, unless the child resets its mask or has a ShutdownSignal of its own.
#ifndef WAN_COMMON_SHUTDOWN_H_
#define WAN_COMMON_SHUTDOWN_H_

#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace wan {

// Any thread.
class ShutdownSignal {
 public:
  ShutdownSignal();
  ~ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;

  bool requested() const { return source_.stop_requested(); }
  std::stop_token token() const { return source_.get_token(); }

  void Wait() const { notification_.WaitForNotification(); }
  // True when shutdown was requested within `timeout`.
  bool WaitFor(absl::Duration timeout) const { return notification_.WaitForNotificationWithTimeout(timeout); }

  // Runs `callback` once, on the signal thread, or at once on this one when shutdown is already requested. It must live
  // as long as this object; where it may not, use a std::stop_callback on token().
  void AddCallback(std::function<void()> callback);

  // The same as a signal, from inside the program.
  void Request();

 private:
  void Listen();

  std::stop_source source_;
  absl::Notification notification_;
  const int signal_fd_;
  const int stop_fd_;  // ends the thread
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<std::stop_callback<std::function<void()>>>> callbacks_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace wan

#endif  // WAN_COMMON_SHUTDOWN_H_

// What a rank tells its supervisor, through a pipe: lines of text. The rank finds the pipe's descriptor in the
// environment.
//   beat          every second from a thread of its own: the process is not frozen
//   step          a denoising step is done: the generation works, the supervisor forgets its backoff
//   error TEXT    why the rank is about to exit
#ifndef WAN_WORKER_LAUNCH_SUPERVISOR_LINK_H_
#define WAN_WORKER_LAUNCH_SUPERVISOR_LINK_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace wan {

inline constexpr char kSupervisorFdVariable[] = "WAN_SUPERVISOR_FD";

// `message` as one line of at most about 1 KiB.
std::string CutToLine(absl::string_view message);

// The rank's end. Any thread. Without a supervisor (no such variable) everything is a no-op.
class SupervisorLink {
 public:
  // Takes the descriptor from the environment, and starts the heartbeat. Call once.
  static std::unique_ptr<SupervisorLink> FromEnvironment(absl::Duration interval = absl::Seconds(1));

  // Takes over `fd`; -1: no supervisor.
  SupervisorLink(int fd, absl::Duration interval);
  ~SupervisorLink();
  SupervisorLink(const SupervisorLink&) = delete;
  SupervisorLink& operator=(const SupervisorLink&) = delete;

  void ReportStep() { Send("step\n"); }
  void ReportError(absl::string_view message);

 private:
  void Send(absl::string_view line);

  const int fd_;
  absl::Notification stop_;
  std::thread heartbeat_;
};

}  // namespace wan

#endif  // WAN_WORKER_LAUNCH_SUPERVISOR_LINK_H_

#ifndef WAN_WORKER_LAUNCH_RANK_PROCESS_H_
#define WAN_WORKER_LAUNCH_RANK_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

// How a process ended.
struct ProcessEnd {
  int exit_code = 0;             // of a process that exited
  int signal = 0;                // of one that was killed, else 0
  std::string ToString() const;  // "exit code 1", "signal 9 (KILL)"
};

// What a rank said since the last look.
struct RankNews {
  bool beat = false;
  bool step = false;
};

// One child process of the supervisor and the pipe it talks through. The child dies with the thread that started it,
// has no signals blocked and no descriptor but 0, 1, 2 and its end of the pipe. Main thread.
class RankProcess {
 public:
  struct Command {
    std::vector<std::string> arguments;    // of which the first is the program's path
    std::vector<std::string> environment;  // "NAME=value", in place of the supervisor's own values
  };

  // INTERNAL when the system has no process or pipe left. A program that cannot be executed ends with code 127.
  static absl::StatusOr<std::unique_ptr<RankProcess>> Start(const Command& command);

  // Kills and reaps a child that still runs.
  ~RankProcess();
  RankProcess(const RankProcess&) = delete;
  RankProcess& operator=(const RankProcess&) = delete;

  pid_t pid() const { return pid_; }
  int fd() const { return fd_; }  // readable when there is news; -1 once the child has closed it

  void Signal(int signal);
  // The last "error" line, empty: none. After ReadNews().
  const std::string& error() const { return error_; }
  RankNews ReadNews();
  // Reaps the child if it has ended.
  std::optional<ProcessEnd> Poll();

 private:
  RankProcess(pid_t pid, int fd) : pid_(pid), fd_(fd) {}
  void TakeLine(absl::string_view line, RankNews& news);

  const pid_t pid_;
  int fd_;
  std::string unfinished_line_;
  std::string error_;
  std::optional<ProcessEnd> end_;
};

}  // namespace wan

#endif  // WAN_WORKER_LAUNCH_RANK_PROCESS_H_

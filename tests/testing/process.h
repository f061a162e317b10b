// Programs that tests start.
#ifndef WAN_TESTS_TESTING_PROCESS_H_
#define WAN_TESTS_TESTING_PROCESS_H_

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace wan {

// A child process, ended and collected at the latest by the destructor: SIGTERM first, SIGKILL after a while. It dies
// with the thread that started it, so that a test that crashes leaves nothing behind. One thread.
class Process {
 public:
  struct Files {
    std::string out = "/dev/null";
    std::string err = "/dev/null";  // appended to, as one log of several lives
  };

  // `environment` is set on top of this process's own, from which WAN_ and WANCTL_ variables are taken out.
  Process(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment,
          const std::string& folder, const Files& files);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }  // valid as a name of the process until it was waited for
  bool IsRunning() { return !Wait(absl::ZeroDuration()).has_value(); }
  void Signal(int number);  // nothing once it has ended
  // As a shell tells it: the exit code, or 128 + signal. nullopt: it still runs.
  std::optional<int> Wait(absl::Duration limit);
  int Stop(int number = 15, absl::Duration limit = absl::Seconds(15));  // then SIGKILL

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

// The direct children of a process, by pid.
std::vector<pid_t> ChildrenOf(pid_t pid);

}  // namespace wan

#endif  // WAN_TESTS_TESTING_PROCESS_H_

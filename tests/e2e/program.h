#ifndef WAN_TESTS_E2E_PROGRAM_H_
#define WAN_TESTS_E2E_PROGRAM_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace wan {

// Long, for machines that are busy; nothing waits for it that goes well.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// Looks until `is_true` is, at most `patience`. For facts that nothing announces: a process that is gone, a line of a
// log.
bool AwaitTrue(const std::function<bool()>& is_true, absl::Duration patience = kPatience);

// A shipped program as a process of its own. Both of its outputs go to files. It dies with the test.
class Program {
 public:
  // `name` is that of a program in build/bin; what it writes goes to `log_base`.out and `log_base`.err.
  Program(const std::string& name, const std::vector<std::string>& arguments, const std::string& log_base);
  // Kills it if it still runs.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // False once it has ended.
  bool IsRunning();
  // Its exit code, 128 + N when signal N ended it; nullopt while it runs on after `patience`.
  std::optional<int> AwaitExit(absl::Duration patience = kPatience);
  bool AwaitError(const std::string& text, absl::Duration patience = kPatience);

  std::string output() const;  // standard output so far
  std::string errors() const;  // standard error so far
  std::string LastErrorLine() const;

 private:
  const std::string log_base_;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

// Processes whose command line holds `text`, this one left out.
std::vector<pid_t> ProcessesWith(const std::string& text);

// The child of `parent`, 0: none.
pid_t ChildOf(pid_t parent);

// Somebody listens at this port of 127.0.0.1.
bool IsListening(int port);

// A port that nobody has, outside of the range from which the kernel gives ports to connections.
int FreePort();

}  // namespace wan

#endif  // WAN_TESTS_E2E_PROGRAM_H_

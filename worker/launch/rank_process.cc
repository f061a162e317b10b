#include "worker/launch/rank_process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "worker/launch/supervisor_link.h"

extern char** environ;

namespace wan {
namespace {

constexpr int kLinkFd = 3;
constexpr int kExitCannotExecute = 127;
constexpr size_t kMaxLineBytes = 8192;  // more is not ours: dropped

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The supervisor's environment with `own` in place of variables of the same names.
std::vector<std::string> MergedEnvironment(const std::vector<std::string>& own) {
  std::vector<std::string> merged = own;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const std::string& ours : own) replaced = replaced || absl::StartsWith(ours, name);
    if (!replaced) merged.push_back(text);
  }
  return merged;
}

// Between fork and exec: nothing but system calls, as other threads of the parent may have held locks.
[[noreturn]] void RunChild(char** arguments, char** environment, pid_t parent, int link) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kExitCannotExecute);  // the parent died before the line above
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (link == kLinkFd) {
    ::fcntl(link, F_SETFD, 0);
  } else {
    ::dup2(link, kLinkFd);
  }
  ::close_range(kLinkFd + 1, ~0U, 0);
  ::execve(arguments[0], arguments, environment);
  const char message[] = "cannot execute the rank's program\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message, sizeof(message) - 1);
  ::_exit(kExitCannotExecute);
}

}  // namespace

std::string ProcessEnd::ToString() const {
  if (signal == 0) return absl::StrCat("exit code ", exit_code);
  const char* name = ::sigabbrev_np(signal);
  return absl::StrCat("signal ", signal, " (", name == nullptr ? "?" : name, ")");
}

absl::StatusOr<std::unique_ptr<RankProcess>> RankProcess::Start(const Command& command) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> variables = command.environment;
  variables.push_back(absl::StrCat(kSupervisorFdVariable, "=", kLinkFd));
  variables = MergedEnvironment(variables);
  const std::vector<char*> argument_pointers = Pointers(arguments);
  const std::vector<char*> environment_pointers = Pointers(variables);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return absl::InternalError(absl::StrCat("pipe: ", ::strerror(errno)));
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    RunChild(const_cast<char**>(argument_pointers.data()), const_cast<char**>(environment_pointers.data()), parent,
             ends[1]);
  }
  const int fork_error = errno;
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    return absl::InternalError(absl::StrCat("fork: ", ::strerror(fork_error)));
  }
  return std::unique_ptr<RankProcess>(new RankProcess(child, ends[0]));
}

RankProcess::~RankProcess() {
  if (!end_.has_value()) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (fd_ >= 0) ::close(fd_);
}

void RankProcess::Signal(int signal) {
  if (!end_.has_value()) ::kill(pid_, signal);  // not reaped, so the number is still its own
}

void RankProcess::TakeLine(absl::string_view line, RankNews& news) {
  if (line == "beat") news.beat = true;
  if (line == "step") news.step = true;
  if (absl::StartsWith(line, "error ")) error_ = std::string(line.substr(6));
}

RankNews RankProcess::ReadNews() {
  RankNews news;
  char buffer[4096];
  while (fd_ >= 0) {
    const ssize_t count = ::read(fd_, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;  // EAGAIN
    if (count == 0) {
      ::close(std::exchange(fd_, -1));
      break;
    }
    for (const char c : absl::string_view(buffer, count)) {
      if (c == '\n') {
        TakeLine(unfinished_line_, news);
        unfinished_line_.clear();
      } else if (unfinished_line_.size() < kMaxLineBytes) {
        unfinished_line_ += c;
      }
    }
  }
  return news;
}

std::optional<ProcessEnd> RankProcess::Poll() {
  if (end_.has_value()) return end_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  end_ = WIFSIGNALED(status) ? ProcessEnd{.exit_code = 0, .signal = WTERMSIG(status)}
                             : ProcessEnd{.exit_code = WEXITSTATUS(status), .signal = 0};
  return end_;
}

}  // namespace wan

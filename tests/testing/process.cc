#include "tests/testing/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "common/log.h"

extern char** environ;

namespace wan {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(5);

std::vector<std::string> Environment(std::map<std::string, std::string> values) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (absl::StartsWith(text, "WAN_") || absl::StartsWith(text, "WANCTL_")) continue;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  std::vector<std::string> lines;
  for (const auto& [name, value] : values) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment,
                 const std::string& folder, const Files& files) {
  std::vector<std::string> arguments = command;
  std::vector<std::string> variables = Environment(environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(variables);
  pid_ = ::fork();
  WAN_CHECK(pid_ >= 0);
  if (pid_ > 0) return;

  // Between fork and exec only calls that are safe in a signal handler: other threads may hold any lock.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(files.out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int err = ::open(files.err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (in < 0 || out < 0 || err < 0 || ::chdir(folder.c_str()) != 0) ::_exit(127);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

Process::~Process() { Stop(); }

void Process::Signal(int number) {
  if (IsRunning()) ::kill(pid_, number);
}

std::optional<int> Process::Wait(absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  while (!exit_code_.has_value()) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (absl::Now() >= deadline) {
      return std::nullopt;
    } else {
      absl::SleepFor(kPoll);
    }
  }
  return exit_code_;
}

int Process::Stop(int number, absl::Duration limit) {
  Signal(number);
  if (const auto code = Wait(limit); code.has_value()) return *code;
  Signal(SIGKILL);
  return *Wait(absl::InfiniteDuration());
}

std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    pid_t candidate = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &candidate)) continue;
    std::ifstream stream(entry.path() / "stat");
    std::string line;
    std::getline(stream, line);
    const size_t name_end = line.rfind(')');  // the name may hold anything
    if (name_end == std::string::npos) continue;
    std::istringstream fields(line.substr(name_end + 1));
    std::string state;
    pid_t parent = 0;
    fields >> state >> parent;
    if (parent == pid && state != "Z") children.push_back(candidate);
  }
  std::sort(children.begin(), children.end());
  return children;
}

}  // namespace wan

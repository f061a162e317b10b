#include "tests/e2e/program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/log.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

constexpr absl::Duration kLookInterval = absl::Milliseconds(10);

// Empty for what is gone meanwhile.
std::string ReadIfThere(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<pid_t> AllProcesses() {
  std::vector<pid_t> pids;
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
    pid_t pid = 0;
    if (absl::SimpleAtoi(it->path().filename().string(), &pid)) pids.push_back(pid);
  }
  return pids;
}

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

bool AwaitTrue(const std::function<bool()>& is_true, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  while (!is_true()) {
    if (absl::Now() >= deadline) return false;
    absl::SleepFor(kLookInterval);
  }
  return true;
}

Program::Program(const std::string& name, const std::vector<std::string>& arguments, const std::string& log_base)
    : log_base_(log_base) {
  std::vector<std::string> words = {absl::StrCat(std::getenv("WAN_BINARY_DIR"), "/bin/", name)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const auto open_log = [&](const char* suffix) {
    const int file = ::open(absl::StrCat(log_base, suffix).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    WAN_CHECK(file >= 0);
    return file;
  };
  const int output = open_log(".out");
  const int errors = open_log(".err");
  pid_ = ::fork();
  WAN_CHECK(pid_ >= 0);
  if (pid_ == 0) {  // system calls only: other threads may have held locks
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }
  ::close(output);
  ::close(errors);
}

Program::~Program() {
  if (!IsRunning()) return;
  Signal(SIGKILL);
  AwaitExit();
}

void Program::Signal(int signal) const {
  if (!exit_code_.has_value()) ::kill(pid_, signal);
}

bool Program::IsRunning() {
  if (exit_code_.has_value()) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return false;
}

std::optional<int> Program::AwaitExit(absl::Duration patience) {
  AwaitTrue([this] { return !IsRunning(); }, patience);
  return exit_code_;
}

bool Program::AwaitError(const std::string& text, absl::Duration patience) {
  return AwaitTrue([&] { return errors().find(text) != std::string::npos; }, patience);
}

std::string Program::output() const { return ReadIfThere(log_base_ + ".out"); }
std::string Program::errors() const { return ReadIfThere(log_base_ + ".err"); }

std::string Program::LastErrorLine() const {
  const std::vector<std::string> lines = absl::StrSplit(errors(), '\n', absl::SkipEmpty());
  return lines.empty() ? "" : lines.back();
}

std::vector<pid_t> ProcessesWith(const std::string& text) {
  std::vector<pid_t> found;
  for (const pid_t pid : AllProcesses()) {
    if (pid == ::getpid()) continue;
    if (ReadIfThere(absl::StrCat("/proc/", pid, "/cmdline")).find(text) != std::string::npos) found.push_back(pid);
  }
  return found;
}

pid_t ChildOf(pid_t parent) {
  for (const pid_t pid : AllProcesses()) {
    const std::string stat = ReadIfThere(absl::StrCat("/proc/", pid, "/stat"));
    const size_t name_end = stat.rfind(')');  // "pid (name) state parent …"
    if (name_end == std::string::npos) continue;
    const std::vector<std::string> fields = absl::StrSplit(stat.substr(name_end + 1), ' ', absl::SkipEmpty());
    if (fields.size() > 1 && fields[0] != "Z" && fields[1] == absl::StrCat(parent)) return pid;
  }
  return 0;
}

bool IsListening(int port) {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const bool is_open = ::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(connection);
  return is_open;
}

int FreePort() {
  constexpr int kFirst = 20'000, kCount = 10'000;
  for (int i = 0; i < kCount; ++i) {
    const int port = kFirst + (static_cast<int>(::getpid()) * 31 + i) % kCount;
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(port);
    const bool is_free = ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    ::close(listener);
    if (is_free) return port;
  }
  WAN_CHECK(false && "no port is free");
}

}  // namespace wan

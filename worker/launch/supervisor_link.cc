#include "worker/launch/supervisor_link.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace wan {
namespace {

constexpr size_t kMaxErrorBytes = 1000;  // well below PIPE_BUF: a line is written whole or not at all

}  // namespace

std::string CutToLine(absl::string_view message) {
  std::string line(message);
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  if (line.size() <= kMaxErrorBytes) return line;
  size_t end = kMaxErrorBytes;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;  // between characters
  return absl::StrCat(line.substr(0, end), "… (", line.size() - end, " more bytes; the log above has all)");
}

std::unique_ptr<SupervisorLink> SupervisorLink::FromEnvironment(absl::Duration interval) {
  int fd = -1;
  const char* value = ::getenv(kSupervisorFdVariable);
  if (value == nullptr || !absl::SimpleAtoi(value, &fd) || ::fcntl(fd, F_GETFD) < 0) fd = -1;
  return std::make_unique<SupervisorLink>(fd, interval);
}

SupervisorLink::SupervisorLink(int fd, absl::Duration interval) : fd_(fd) {
  if (fd_ < 0) return;
  ::fcntl(fd_, F_SETFD, FD_CLOEXEC);
  // A frozen supervisor must not freeze the rank: what finds no room is dropped.
  ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
  ::signal(SIGPIPE, SIG_IGN);  // gRPC asks for the same
  heartbeat_ = std::thread([this, interval] {
    do {
      Send("beat\n");
    } while (!stop_.WaitForNotificationWithTimeout(interval));
  });
}

SupervisorLink::~SupervisorLink() {
  if (fd_ < 0) return;
  stop_.Notify();
  heartbeat_.join();
  ::close(fd_);
}

void SupervisorLink::ReportError(absl::string_view message) { Send(absl::StrCat("error ", CutToLine(message), "\n")); }

void SupervisorLink::Send(absl::string_view line) {
  if (fd_ < 0) return;
  // A supervisor that is gone takes the rank with it (PR_SET_PDEATHSIG).
  [[maybe_unused]] const ssize_t written = ::write(fd_, line.data(), line.size());
}

}  // namespace wan

#include "worker/launch/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace wan {
namespace {

constexpr int kExitDrained = 0;
constexpr int kExitLost = 1;
constexpr int kExitBadConfiguration = 78;

absl::Duration MonotonicNow() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

int BlockAndOpenSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, signal);
  WAN_CHECK(::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  const int fd = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  WAN_CHECK(fd >= 0);
  return fd;
}

}  // namespace

Supervisor::Supervisor(Options options)
    : options_(std::move(options)), signal_fd_(BlockAndOpenSignals()), backoff_(options_.backoff_min) {}

Supervisor::~Supervisor() { ::close(signal_fd_); }

int Supervisor::Run() {
  next_start_ = MonotonicNow();
  for (;;) {
    if (rank_ == nullptr) {
      if (is_draining_) return kExitDrained;
      if (MonotonicNow() >= next_start_) StartRank();
    }
    WaitForEvent();
    TakeSignals();
    TakeNews();
    if (rank_ == nullptr) continue;
    if (const std::optional<ProcessEnd> end = rank_->Poll()) {
      TakeNews();  // its last words may have come in between
      if (const std::optional<int> exit_code = HandleEnd(*end)) return *exit_code;
    } else {
      KillIfSilent();
    }
  }
}

void Supervisor::StartRank() {
  absl::StatusOr<std::unique_ptr<RankProcess>> started = RankProcess::Start(options_.rank);
  if (!started.ok()) {
    WAN_LOG(ERROR) << "start a rank: " << started.status().message();
    PlanRestart();
    return;
  }
  rank_ = *std::move(started);
  last_news_ = MonotonicNow();
  has_beaten_ = false;
  WAN_LOG(INFO) << "started rank 0 as process " << rank_->pid();
}

void Supervisor::WaitForEvent() {
  const absl::Duration until =
      rank_ == nullptr ? next_start_ : last_news_ + (has_beaten_ ? options_.silence_timeout : options_.start_timeout);
  const absl::Duration wait = std::max(until - MonotonicNow(), absl::ZeroDuration());
  // Rounded up, not to spin through the last millisecond.
  const int milliseconds = static_cast<int>(std::min<int64_t>(absl::ToInt64Milliseconds(wait) + 1, 60'000));
  pollfd events[] = {{signal_fd_, POLLIN, 0}, {rank_ == nullptr ? -1 : rank_->fd(), POLLIN, 0}};
  if (::poll(events, 2, milliseconds) < 0) WAN_CHECK(errno == EINTR);
}

void Supervisor::TakeSignals() {
  signalfd_siginfo info;
  while (::read(signal_fd_, &info, sizeof(info)) == sizeof(info)) {
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) continue;  // it only ends the wait: several ends may have become one signal
    // A terminal's second Ctrl-C means now; a second SIGTERM means what the first one did.
    const bool kill = is_draining_ && signal == SIGINT;
    WAN_LOG(INFO) << "SIG" << ::sigabbrev_np(signal) << (kill ? ": killing the rank" : ": draining");
    is_draining_ = true;
    if (rank_ != nullptr) rank_->Signal(kill ? SIGKILL : SIGTERM);
  }
}

void Supervisor::TakeNews() {
  if (rank_ == nullptr) return;
  const RankNews news = rank_->ReadNews();
  if (news.beat || news.step) {
    has_beaten_ = true;
    last_news_ = MonotonicNow();
  }
  if (news.step) backoff_ = options_.backoff_min;
}

void Supervisor::KillIfSilent() {
  const absl::Duration silence = MonotonicNow() - last_news_;
  const absl::Duration limit = has_beaten_ ? options_.silence_timeout : options_.start_timeout;
  if (silence < limit) return;
  WAN_LOG(ERROR) << "rank 0 has been silent for " << absl::FormatDuration(silence) << ": killing it";
  rank_->Signal(SIGKILL);
  last_news_ = MonotonicNow();  // its end is an event of its own
}

std::optional<int> Supervisor::HandleEnd(const ProcessEnd& end) {
  const std::string said = rank_->error();
  rank_.reset();
  const std::string error = absl::StrCat("rank 0: ", said.empty() ? end.ToString() : said);
  if (end.signal == 0 && end.exit_code == kExitBadConfiguration) return GiveUp(kExitBadConfiguration, error);
  // One that dies of the forwarded SIGTERM had not come to the point of taking jobs.
  if ((end.signal == 0 && end.exit_code == 0) || (is_draining_ && end.signal == SIGTERM)) {
    WAN_LOG(INFO) << "rank 0 has drained";
    return kExitDrained;
  }
  if (is_draining_) return GiveUp(kExitLost, error);
  WAN_LOG(ERROR) << "rank 0 ended with " << end.ToString() << (said.empty() ? "" : ": ") << said;
  PlanRestart();
  return std::nullopt;
}

void Supervisor::PlanRestart() {
  WAN_LOG(INFO) << "restarting rank 0 in " << absl::FormatDuration(backoff_);
  next_start_ = MonotonicNow() + backoff_;
  backoff_ = std::min(backoff_ * 2, options_.backoff_max);
}

int Supervisor::GiveUp(int exit_code, const std::string& error) const {
  WriteTerminationLog(options_.termination_log, error);
  WAN_LOG(ERROR) << error;
  return exit_code;
}

void WriteTerminationLog(const std::string& path, const std::string& error) {
  if (path.empty()) return;
  const int create = absl::StartsWith(path, "/dev/") ? 0 : O_CREAT;
  const int file = ::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | create, 0644);
  if (file < 0) {
    if (create != 0) {
      WAN_LOG(WARNING) << "write " << path << ": " << ::strerror(errno);
    }
    return;
  }
  [[maybe_unused]] const ssize_t written = ::write(file, error.data(), error.size());
  ::close(file);
}

std::string ProgramFolder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path().string(); }

}  // namespace wan

#include "common/shutdown.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "common/log.h"

namespace wan {
namespace {

int BlockAndOpen() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  WAN_CHECK(::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  return ::signalfd(-1, &signals, SFD_CLOEXEC);
}

}  // namespace

ShutdownSignal::ShutdownSignal() : signal_fd_(BlockAndOpen()), stop_fd_(::eventfd(0, EFD_CLOEXEC)) {
  WAN_CHECK(signal_fd_ >= 0 && stop_fd_ >= 0);
  thread_ = std::thread([this] { Listen(); });
}

ShutdownSignal::~ShutdownSignal() {
  const uint64_t one = 1;
  WAN_CHECK(::write(stop_fd_, &one, sizeof(one)) == sizeof(one));
  thread_.join();
  ::close(signal_fd_);
  ::close(stop_fd_);
}

void ShutdownSignal::AddCallback(std::function<void()> callback) {
  // Made outside the lock: it may run here and now, and may add another one.
  auto added = std::make_unique<std::stop_callback<std::function<void()>>>(token(), std::move(callback));
  absl::MutexLock lock(&mutex_);
  callbacks_.push_back(std::move(added));
}

void ShutdownSignal::Request() {
  // False for all but the first: a notification may be given once.
  if (source_.request_stop()) notification_.Notify();
}

void ShutdownSignal::Listen() {
  for (;;) {
    pollfd waits[] = {{signal_fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0) {
      WAN_CHECK(errno == EINTR);
      continue;
    }
    if (waits[1].revents != 0) return;
    signalfd_siginfo info;
    if (::read(signal_fd_, &info, sizeof(info)) != sizeof(info)) continue;
    WAN_LOG(INFO) << "SIG" << ::sigabbrev_np(static_cast<int>(info.ssi_signo)) << " from process " << info.ssi_pid
                  << (requested() ? ", already stopping" : ", stopping");
    Request();
  }
}

}  // namespace wan

#include "client/wanctl/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

#include "client/wanctl/exit_code.h"
#include "common/log.h"

namespace wan {

InterruptListener::InterruptListener() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  WAN_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  signal_descriptor_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  end_descriptor_ = eventfd(0, EFD_CLOEXEC);
  WAN_CHECK(signal_descriptor_ >= 0 && end_descriptor_ >= 0);
  thread_ = std::thread([this] { Listen(); });
}

InterruptListener::~InterruptListener() {
  const uint64_t one = 1;
  WAN_CHECK(write(end_descriptor_, &one, sizeof(one)) == sizeof(one));
  thread_.join();
  close(signal_descriptor_);
  close(end_descriptor_);
}

void InterruptListener::Listen() {
  while (true) {
    pollfd descriptors[] = {{signal_descriptor_, POLLIN, 0}, {end_descriptor_, POLLIN, 0}};
    if (poll(descriptors, 2, -1) < 0) {
      WAN_CHECK(errno == EINTR);
      continue;
    }
    if (descriptors[1].revents != 0) return;
    signalfd_siginfo signal;
    if (read(signal_descriptor_, &signal, sizeof(signal)) != sizeof(signal)) continue;
    if (source_.stop_requested()) _exit(kExitInterrupted);
    source_.request_stop();
  }
}

}  // namespace wan

#include "common/shutdown.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace wan {
namespace {

TEST(Shutdown, EachSignalRequestsIt) {
  for (const int signal : {SIGTERM, SIGINT}) {
    ShutdownSignal shutdown;
    EXPECT_FALSE(shutdown.requested());
    ASSERT_EQ(::kill(::getpid(), signal), 0);
    shutdown.Wait();
    EXPECT_TRUE(shutdown.requested());
    EXPECT_TRUE(shutdown.token().stop_requested());
  }
}

TEST(Shutdown, CallbackRunsOnceForSeveralSignals) {
  std::atomic<int> calls = 0;
  {
    ShutdownSignal shutdown;
    shutdown.AddCallback([&] { ++calls; });
    ::kill(::getpid(), SIGTERM);
    shutdown.Wait();
    ::kill(::getpid(), SIGINT);
    shutdown.Request();
  }
  EXPECT_EQ(calls, 1);
  // What the thread had no time to take stays pending; it must not reach the next test.
  sigset_t pending;
  sigemptyset(&pending);
  sigaddset(&pending, SIGINT);
  const timespec none = {};
  ::sigtimedwait(&pending, nullptr, &none);
}

TEST(Shutdown, LateCallbackRunsAtOnce) {
  ShutdownSignal shutdown;
  shutdown.Request();
  bool called = false;
  shutdown.AddCallback([&] { called = true; });
  EXPECT_TRUE(called);
}

TEST(Shutdown, CallbackMayAddACallback) {
  ShutdownSignal shutdown;
  bool called = false;
  shutdown.AddCallback([&] { shutdown.AddCallback([&] { called = true; }); });
  shutdown.Request();
  EXPECT_TRUE(called);
}

TEST(Shutdown, WaitForEndsWithoutASignal) {
  ShutdownSignal shutdown;
  EXPECT_FALSE(shutdown.WaitFor(absl::ZeroDuration()));
  shutdown.Request();
  EXPECT_TRUE(shutdown.WaitFor(absl::ZeroDuration()));
}

}  // namespace
}  // namespace wan

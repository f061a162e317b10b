#include "client/backoff.h"

#include <gtest/gtest.h>

#include <stop_token>
#include <thread>

#include "absl/time/clock.h"

namespace wan {
namespace {

TEST(Backoff, WithoutTimeAllowsOneAttempt) {
  Backoff backoff({.give_up_after = absl::ZeroDuration()}, {});
  EXPECT_FALSE(backoff.Wait());
}

TEST(Backoff, EndsWhenTheTimeSinceTheFirstFailureIsUsedUp) {
  Backoff backoff({.give_up_after = absl::Milliseconds(40), .first_delay = absl::Milliseconds(1)}, {});
  int waits = 0;
  while (backoff.Wait()) ++waits;
  EXPECT_GE(waits, 3);
  EXPECT_FALSE(backoff.Wait());
}

TEST(Backoff, BeginsAnewAfterSuccess) {
  Backoff backoff({.give_up_after = absl::Milliseconds(5), .first_delay = absl::Milliseconds(1)}, {});
  while (backoff.Wait()) {
  }
  backoff.Succeeded();
  EXPECT_TRUE(backoff.Wait());
}

TEST(Backoff, StopEndsALongWaitAtOnce) {
  std::stop_source source;
  Backoff backoff({.give_up_after = absl::Hours(1), .first_delay = absl::Hours(1), .longest_delay = absl::Hours(1)},
                  source.get_token());
  std::jthread stopper([&source] { source.request_stop(); });
  EXPECT_FALSE(backoff.Wait());  // the test's own limit fails it otherwise
}

}  // namespace
}  // namespace wan

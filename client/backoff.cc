#include "client/backoff.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "absl/time/clock.h"

namespace wan {

Backoff::Backoff(RetryPolicy policy, std::stop_token stop)
    : policy_(policy), stop_(std::move(stop)), random_(std::random_device()()), delay_(policy.first_delay) {}

bool Backoff::Wait() {
  const absl::Time now = absl::Now();
  if (!first_failure_.has_value()) first_failure_ = now;
  const absl::Time deadline = *first_failure_ + policy_.give_up_after;
  if (now >= deadline || stop_.stop_requested()) return false;
  if (now - last_wait_end_ > 10 * delay_) delay_ = policy_.first_delay;

  const double share = std::uniform_real_distribution<double>(0.5, 1.0)(random_);
  // The last attempt falls on the deadline, not before it.
  const absl::Duration delay = std::min(delay_ * share, deadline - now);
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, stop_, absl::ToChronoNanoseconds(delay), [] { return false; });
  delay_ = std::min(delay_ * 2, policy_.longest_delay);
  last_wait_end_ = absl::Now();
  return !stop_.stop_requested();
}

void Backoff::Succeeded() { first_failure_.reset(); }

}  // namespace wan

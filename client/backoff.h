// The waits between attempts of a call that failed for a while only.
#ifndef WAN_CLIENT_BACKOFF_H_
#define WAN_CLIENT_BACKOFF_H_

#include <optional>
#include <random>
#include <stop_token>

#include "absl/time/time.h"

namespace wan {

struct RetryPolicy {
  absl::Duration give_up_after;  // counted from the first failure since the last success; zero: one attempt
  absl::Duration first_delay = absl::Milliseconds(100);
  absl::Duration longest_delay = absl::Seconds(2);
};

// One series of attempts; one thread.
class Backoff {
 public:
  Backoff(RetryPolicy policy, std::stop_token stop);

  // Waits before the next attempt: doubled each time, with jitter. False, without a wait, when the time is used up;
  // false when `stop` was requested before or meanwhile.
  bool Wait();

  // Something arrived: the time to give up starts anew. Delays stay long while failures follow each other closely, so
  // that a server that accepts and drops connections is not called in a tight loop.
  void Succeeded();

 private:
  const RetryPolicy policy_;
  const std::stop_token stop_;
  std::minstd_rand random_;
  absl::Duration delay_;
  std::optional<absl::Time> first_failure_;
  absl::Time last_wait_end_ = absl::InfinitePast();
};

}  // namespace wan

#endif  // WAN_CLIENT_BACKOFF_H_

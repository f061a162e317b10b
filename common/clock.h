// Time as a dependency, so that a test can move it (tests/testing/fake_clock.h).
#ifndef WAN_COMMON_CLOCK_H_
#define WAN_COMMON_CLOCK_H_

#include "absl/time/time.h"

namespace wan {

// Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() = 0;
};

class RealClock : public Clock {
 public:
  absl::Time Now() override;
};

}  // namespace wan

#endif  // WAN_COMMON_CLOCK_H_

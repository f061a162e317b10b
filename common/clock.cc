#include "common/clock.h"

#include "absl/time/clock.h"

namespace wan {

absl::Time RealClock::Now() { return absl::Now(); }

}  // namespace wan

#ifndef WAN_WORKER_TOOLS_VERIFY_REFERENCE_SCHEDULER_H_
#define WAN_WORKER_TOOLS_VERIFY_REFERENCE_SCHEDULER_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/status/statusor.h"
#include "worker/diffusion/noise_scheduler.h"

namespace wan {

// Our scheduler for the `scheduler` object of a case: {"class": …, "flow_shift" or "shift": …} or {"class": …,
// "config": {…}}; `shift` replaces the one that is written there. FAILED_PRECONDITION names a class or an option that
// has no counterpart.
absl::StatusOr<std::unique_ptr<NoiseScheduler>> MakeReferenceScheduler(const nlohmann::json& description,
                                                                       int64_t num_steps, std::optional<double> shift);

}  // namespace wan

#endif  // WAN_WORKER_TOOLS_VERIFY_REFERENCE_SCHEDULER_H_

#include "worker/diffusion/noise_scheduler.h"

#include "common/log.h"
#include "worker/diffusion/flow_dpm_scheduler.h"
#include "worker/diffusion/flow_euler_scheduler.h"
#include "worker/diffusion/unipc_scheduler.h"

namespace wan {

std::unique_ptr<NoiseScheduler> MakeNoiseScheduler(NoiseSchedulerKind kind, const NoiseSchedulerOptions& options) {
  WAN_CHECK(options.num_steps >= 1 && (options.dtype == at::kFloat || options.dtype == at::kDouble));
  switch (kind) {
    case NoiseSchedulerKind::kUniPC:
      return MakeUniPCScheduler(options);
    case NoiseSchedulerKind::kEuler:
      return MakeFlowEulerScheduler(options);
    case NoiseSchedulerKind::kDpm:
      return MakeFlowDpmScheduler(options);
  }
  WAN_CHECK(false);
}

}  // namespace wan

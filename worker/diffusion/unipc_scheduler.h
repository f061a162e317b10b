// UniPC of order 2 in the B₂(h) form, predicting x₀, with corrector. Reference: UniPC, arXiv 2302.04867;
// UniPCMultistepScheduler of Diffusers with use_flow_sigmas and flow_prediction.
#ifndef WAN_WORKER_DIFFUSION_UNIPC_SCHEDULER_H_
#define WAN_WORKER_DIFFUSION_UNIPC_SCHEDULER_H_

#include <memory>

#include "worker/diffusion/noise_scheduler.h"

namespace wan {

std::unique_ptr<NoiseScheduler> MakeUniPCScheduler(const NoiseSchedulerOptions& options);

}  // namespace wan

#endif  // WAN_WORKER_DIFFUSION_UNIPC_SCHEDULER_H_

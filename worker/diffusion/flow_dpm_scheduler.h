// DPM-Solver++ (2M, midpoint) on flow sigmas. Reference: arXiv 2211.01095; DPMSolverMultistepScheduler of Diffusers
// with use_flow_sigmas, flow_prediction and final_sigmas_type zero.
#ifndef WAN_WORKER_DIFFUSION_FLOW_DPM_SCHEDULER_H_
#define WAN_WORKER_DIFFUSION_FLOW_DPM_SCHEDULER_H_

#include <memory>

#include "worker/diffusion/noise_scheduler.h"

namespace wan {

std::unique_ptr<NoiseScheduler> MakeFlowDpmScheduler(const NoiseSchedulerOptions& options);

}  // namespace wan

#endif  // WAN_WORKER_DIFFUSION_FLOW_DPM_SCHEDULER_H_

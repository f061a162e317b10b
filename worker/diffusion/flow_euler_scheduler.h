// Euler steps along the flow: x ← x + (σ_{i+1} − σ_i)·v. Reference: FlowMatchEulerDiscreteScheduler of Diffusers.
#ifndef WAN_WORKER_DIFFUSION_FLOW_EULER_SCHEDULER_H_
#define WAN_WORKER_DIFFUSION_FLOW_EULER_SCHEDULER_H_

#include <memory>

#include "worker/diffusion/noise_scheduler.h"

namespace wan {

// The schedule that the class makes from num_steps alone: between σ(1) and σ(1/1000), both already shifted, and then
// shifted once more. Timesteps are fractional.
std::unique_ptr<NoiseScheduler> MakeFlowEulerScheduler(const NoiseSchedulerOptions& options);

// The schedule of explicit sigmas 1 … 1/N given to the class: shifted once.
std::unique_ptr<NoiseScheduler> MakeFlowEulerSchedulerFromUnitSigmas(const NoiseSchedulerOptions& options);

}  // namespace wan

#endif  // WAN_WORKER_DIFFUSION_FLOW_EULER_SCHEDULER_H_

#ifndef WAN_WORKER_DIFFUSION_DENOISE_LOOP_H_
#define WAN_WORKER_DIFFUSION_DENOISE_LOOP_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "worker/diffusion/noise_scheduler.h"
#include "worker/model/wan_transformer.h"

namespace wan {

// Classifier-free guidance over the branches of a job. Reference: arXiv 2207.12598.
struct Guidance {
  const PromptContext* conditional = nullptr;
  const PromptContext* unconditional = nullptr;  // null: no guidance, one forward a step
  double scale = 1.0;

  int64_t num_branches() const { return unconditional == nullptr ? 1 : 2; }
};

// Predictions of one step in the scheduler's dtype, [B, C, T, H, W].
struct StepPredictions {
  at::Tensor conditional;
  std::optional<at::Tensor> unconditional;
  at::Tensor guided;  // what the solver gets: both guided, or cond
};

// Called after each step with the predictions and the state that the solver made of them.
using StepObserver = absl::FunctionRef<absl::Status(const StepPredictions&, const DenoiseState&)>;

// Classifier-free guidance: uncond + scale·(cond − uncond).
at::Tensor Guide(const at::Tensor& conditional, const at::Tensor& unconditional, double scale);

// One evaluation of the model at `state` (does not change it).
StepPredictions Predict(WanTransformer& transformer, const NoiseScheduler& scheduler, const Guidance& guidance,
                        const DenoiseState& state);

// Runs from state.step to the end, or until `observer` or a check of the latents returns an error. Latents that are not
// finite are DATA_LOSS / NON_FINITE with phase "denoising" and the step (from 1) that made them. `state` is then the
// one after the last step that ran.
absl::Status Denoise(WanTransformer& transformer, const NoiseScheduler& scheduler, const Guidance& guidance,
                     DenoiseState& state, StepObserver observer);

}  // namespace wan

#endif  // WAN_WORKER_DIFFUSION_DENOISE_LOOP_H_

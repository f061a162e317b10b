#include "worker/diffusion/denoise_loop.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/status_macros.h"

namespace wan {

at::Tensor Guide(const at::Tensor& conditional, const at::Tensor& unconditional, double scale) {
  return unconditional + (conditional - unconditional) * scale;
}

StepPredictions Predict(WanTransformer& transformer, const NoiseScheduler& scheduler, const Guidance& guidance,
                        const DenoiseState& state) {
  std::vector<const PromptContext*> branches = {guidance.conditional};
  if (guidance.unconditional != nullptr) branches.push_back(guidance.unconditional);
  const double timestep = scheduler.timesteps()[static_cast<size_t>(state.step)];
  std::vector<at::Tensor> flows = transformer.Forward(state.latents, timestep, branches);
  // Guidance amplifies rounding by its scale, so it is done in the scheduler's dtype and not in the model's.
  for (at::Tensor& flow : flows) flow = flow.to(state.latents.scalar_type());
  if (flows.size() == 1) return {flows[0], std::nullopt, flows[0]};
  return {flows[0], flows[1], Guide(flows[0], flows[1], guidance.scale)};
}

absl::Status Denoise(WanTransformer& transformer, const NoiseScheduler& scheduler, const Guidance& guidance,
                     DenoiseState& state, StepObserver observer) {
  while (state.step < scheduler.num_steps()) {
    const StepPredictions predictions = Predict(transformer, scheduler, guidance, state);
    scheduler.Step(predictions.guided, state);
    if (!at::isfinite(state.latents).all().item<bool>()) {
      return MakeError(
          absl::StatusCode::kDataLoss, kNonFinite,
          absl::StrCat("latents are not finite after denoising step ", state.step, " of ", scheduler.num_steps()),
          {{"phase", "denoising"}, {"step", absl::StrCat(state.step)}});
    }
    WAN_RETURN_IF_ERROR(observer(predictions, state));
  }
  return absl::OkStatus();
}

}  // namespace wan

#include "worker/diffusion/flow_dpm_scheduler.h"

#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/log.h"
#include "worker/diffusion/flow_schedule.h"

namespace wan {
namespace {

template <typename Real>
class FlowDpmScheduler : public NoiseScheduler {
 public:
  FlowDpmScheduler(std::vector<double> sigmas, std::vector<double> timesteps)
      : NoiseScheduler(std::move(sigmas), std::move(timesteps)) {}

  void Step(const at::Tensor& prediction, DenoiseState& state) const override {
    const int64_t i = state.step;
    WAN_CHECK(i < num_steps());
    const Real sigma_s = Sigma(i), sigma_t = Sigma(i + 1);
    const at::Tensor m0 = state.latents - prediction * sigma_s;
    if (sigma_t == 0) {
      state.latents = m0;  // the last step, always of first order: α = 1, e^(−∞) = 0
    } else {
      const Real h = LambdaAt(i + 1) - LambdaAt(i);
      const Real alpha_e = (Real(1) - sigma_t) * (std::exp(-h) - Real(1));
      at::Tensor next = state.latents * (sigma_t / sigma_s) - m0 * alpha_e;
      if (i > 0) {
        const Real r = (LambdaAt(i) - LambdaAt(i - 1)) / h;
        next = next - (m0 - state.predictions[0]) * (Real(1) / r) * (alpha_e * Real(0.5));
      }
      state.latents = next;
    }
    state.predictions.assign(1, m0);
    ++state.step;
  }

 private:
  Real Sigma(int64_t i) const { return static_cast<Real>(sigmas()[static_cast<size_t>(i)]); }
  Real LambdaAt(int64_t i) const { return Lambda(Sigma(i)); }
};

}  // namespace

std::unique_ptr<NoiseScheduler> MakeFlowDpmScheduler(const NoiseSchedulerOptions& options) {
  // 1 − linspace(1, 1/1000, N + 1), from the noisy end, without σ = 0.
  std::vector<double> sigmas = Linspace(1.0, 1.0 / 1000.0, options.num_steps + 1);
  for (double& sigma : sigmas) sigma = ShiftSigma(1.0 - sigma, options.flow_shift);
  std::reverse(sigmas.begin(), sigmas.end());
  sigmas.pop_back();
  std::vector<double> timesteps;
  for (const double sigma : sigmas) timesteps.push_back(std::trunc(sigma * 1000.0));
  sigmas.push_back(0.0);
  sigmas = RoundTo(options.dtype, std::move(sigmas));
  if (options.dtype == at::kDouble) {
    return std::make_unique<FlowDpmScheduler<double>>(std::move(sigmas), std::move(timesteps));
  }
  return std::make_unique<FlowDpmScheduler<float>>(std::move(sigmas), std::move(timesteps));
}

}  // namespace wan

#include "worker/diffusion/unipc_scheduler.h"

#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/log.h"
#include "worker/diffusion/flow_schedule.h"

namespace wan {
namespace {

// Coefficients are computed in Real, the scheduler's precision, as the reference does with tensors of that dtype.
template <typename Real>
class UniPCScheduler : public NoiseScheduler {
 public:
  UniPCScheduler(std::vector<double> sigmas, std::vector<double> timesteps)
      : NoiseScheduler(std::move(sigmas), std::move(timesteps)) {}

  void Step(const at::Tensor& prediction, DenoiseState& state) const override {
    const int64_t i = state.step;
    WAN_CHECK(i < num_steps());
    const at::Tensor x0 = state.latents - prediction * Sigma(i);
    at::Tensor sample = i > 0 ? Correct(state, x0) : state.latents;
    // x₀ stays the one predicted from the uncorrected sample: recomputing it would be another solver.
    state.predictions.insert(state.predictions.begin(), x0);
    if (state.predictions.size() > 2) state.predictions.resize(2);
    // Lower order at both ends: nothing to difference at the first step, σ = 0 after the last.
    state.last_order = std::min<int64_t>({2, num_steps() - i, i + 1});
    state.last_sample = sample;
    state.latents = Predict(state);
    ++state.step;
  }

 private:
  Real Sigma(int64_t i) const { return static_cast<Real>(sigmas()[static_cast<size_t>(i)]); }
  Real LambdaAt(int64_t i) const { return Lambda(Sigma(i)); }

  // From σ_i to σ_{i+1}.
  at::Tensor Predict(const DenoiseState& state) const {
    const int64_t i = state.step;
    const at::Tensor& m0 = state.predictions[0];
    const Real sigma_s = Sigma(i), sigma_t = Sigma(i + 1);
    if (sigma_t == 0) return m0;  // α = 1, expm1(−∞) = −1: the formula below reduces to x₀
    const Real h = LambdaAt(i + 1) - LambdaAt(i);
    const Real alpha_e = (Real(1) - sigma_t) * std::expm1(-h);
    const at::Tensor first_order = state.last_sample * (sigma_t / sigma_s) - m0 * alpha_e;
    if (state.last_order == 1) return first_order;
    const Real r = (LambdaAt(i - 1) - LambdaAt(i)) / h;
    return first_order - (state.predictions[1] - m0) / r * (alpha_e * Real(0.5));
  }

  // Moves the sample at σ_i again from σ_{i−1}, now that the model was evaluated at σ_i. `x0` is that evaluation.
  at::Tensor Correct(const DenoiseState& state, const at::Tensor& x0) const {
    const int64_t i = state.step;
    const at::Tensor& m0 = state.predictions[0];
    const Real sigma_s = Sigma(i - 1), sigma_t = Sigma(i);
    const Real h = LambdaAt(i) - LambdaAt(i - 1);
    const Real z = -h;
    const Real e = std::expm1(z);
    const Real alpha_e = (Real(1) - sigma_t) * e;
    const at::Tensor first_order = state.last_sample * (sigma_t / sigma_s) - m0 * alpha_e;
    const at::Tensor difference = x0 - m0;
    if (state.last_order == 1) return first_order - difference * (alpha_e * Real(0.5));
    const Real r = (LambdaAt(i - 2) - LambdaAt(i - 1)) / h;
    const Real b1 = (e / z - Real(1)) / e;
    const Real b2 = ((e / z - Real(1)) / z - Real(0.5)) * Real(2) / e;
    const Real rho1 = (b1 - b2) / (Real(1) - r);
    const Real rho2 = b1 - rho1;
    return first_order - ((state.predictions[1] - m0) / r * rho1 + difference * rho2) * alpha_e;
  }
};

}  // namespace

std::unique_ptr<NoiseScheduler> MakeUniPCScheduler(const NoiseSchedulerOptions& options) {
  std::vector<double> sigmas = Linspace(1.0, 1.0 / 1000.0, options.num_steps + 1);
  sigmas.pop_back();
  for (double& sigma : sigmas) sigma = ShiftSigma(sigma, options.flow_shift);
  if (std::abs(sigmas[0] - 1.0) < 1e-6) sigmas[0] -= 1e-6;  // keeps λ finite
  std::vector<double> timesteps;
  for (const double sigma : sigmas) timesteps.push_back(std::trunc(sigma * 1000.0));
  sigmas.push_back(0.0);
  sigmas = RoundTo(options.dtype, std::move(sigmas));
  if (options.dtype == at::kDouble) {
    return std::make_unique<UniPCScheduler<double>>(std::move(sigmas), std::move(timesteps));
  }
  return std::make_unique<UniPCScheduler<float>>(std::move(sigmas), std::move(timesteps));
}

}  // namespace wan

#include "worker/diffusion/flow_euler_scheduler.h"

#include <ATen/TensorOperators.h>

#include <utility>

#include "common/log.h"
#include "worker/diffusion/flow_schedule.h"

namespace wan {
namespace {

class FlowEulerScheduler : public NoiseScheduler {
 public:
  using NoiseScheduler::NoiseScheduler;
  FlowEulerScheduler(std::vector<double> sigmas, std::vector<double> timesteps, at::ScalarType dtype)
      : NoiseScheduler(std::move(sigmas), std::move(timesteps)), dtype_(dtype) {}

  void Step(const at::Tensor& prediction, DenoiseState& state) const override {
    WAN_CHECK(state.step < num_steps());
    const auto i = static_cast<size_t>(state.step);
    const double width = RoundTo(dtype_, {sigmas()[i + 1] - sigmas()[i]})[0];
    state.latents = state.latents + prediction * width;
    ++state.step;
  }

 private:
  const at::ScalarType dtype_;
};

std::unique_ptr<NoiseScheduler> FromShifted(std::vector<double> sigmas, at::ScalarType dtype) {
  sigmas = RoundTo(dtype, std::move(sigmas));
  std::vector<double> timesteps = sigmas;
  for (double& timestep : timesteps) timestep *= 1000.0;
  timesteps = RoundTo(dtype, std::move(timesteps));
  sigmas.push_back(0.0);
  return std::make_unique<FlowEulerScheduler>(std::move(sigmas), std::move(timesteps), dtype);
}

}  // namespace

std::unique_ptr<NoiseScheduler> MakeFlowEulerScheduler(const NoiseSchedulerOptions& options) {
  // The class keeps both ends of its training schedule in fp32.
  const auto shift = static_cast<float>(options.flow_shift);
  const auto end = [&](float sigma) { return shift * sigma / (1.0f + (shift - 1.0f) * sigma); };
  std::vector<double> sigmas = Linspace(static_cast<double>(end(1.0f)) * 1000.0,
                                        static_cast<double>(end(1.0f / 1000.0f)) * 1000.0, options.num_steps);
  for (double& sigma : sigmas) sigma = ShiftSigma(sigma / 1000.0, options.flow_shift);
  return FromShifted(std::move(sigmas), options.dtype);
}

std::unique_ptr<NoiseScheduler> MakeFlowEulerSchedulerFromUnitSigmas(const NoiseSchedulerOptions& options) {
  std::vector<double> sigmas = Linspace(1.0, 1.0 / static_cast<double>(options.num_steps), options.num_steps);
  // The class takes given sigmas as fp32 and shifts them in fp32.
  for (double& sigma : sigmas) {
    sigma = ShiftSigma(static_cast<float>(sigma), static_cast<float>(options.flow_shift));
  }
  return FromShifted(std::move(sigmas), options.dtype);
}

}  // namespace wan

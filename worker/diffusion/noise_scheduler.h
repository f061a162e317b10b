#ifndef WAN_WORKER_DIFFUSION_NOISE_SCHEDULER_H_
#define WAN_WORKER_DIFFUSION_NOISE_SCHEDULER_H_

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "common/generation/spec.h"

namespace wan {

// Everything a run is, between two steps: enough to go on from here on any ring.
struct DenoiseState {
  int64_t step = 0;    // steps that are done
  at::Tensor latents;  // [B, C, T, H, W] in the scheduler's dtype

  // What a multistep solver remembers; empty for one-step solvers and at step 0.
  std::vector<at::Tensor> predictions;  // x₀ of earlier steps, newest first
  at::Tensor last_sample;               // the sample the latest predictor started from
  int64_t last_order = 0;               // order of the latest predictor
};

// A flow-matching schedule with its solver: x_t = (1 − σ)·x₀ + σ·ε, the model predicts v = ε − x₀, timestep = 1000·σ.
// Immutable; a run's memory is in DenoiseState.
class NoiseScheduler {
 public:
  virtual ~NoiseScheduler() = default;

  int64_t num_steps() const { return static_cast<int64_t>(timesteps_.size()); }
  // What the model is fed at each step; whole numbers where the reference truncates.
  const std::vector<double>& timesteps() const { return timesteps_; }
  // num_steps() + 1 values, the last 0, rounded to the scheduler's dtype.
  const std::vector<double>& sigmas() const { return sigmas_; }

  // One step with the (guided) prediction v of the state's latents, in the state's dtype; state.step grows by one.
  // Precondition: state.step < num_steps().
  virtual void Step(const at::Tensor& prediction, DenoiseState& state) const = 0;

 protected:
  NoiseScheduler(std::vector<double> sigmas, std::vector<double> timesteps)
      : sigmas_(std::move(sigmas)), timesteps_(std::move(timesteps)) {}

 private:
  const std::vector<double> sigmas_;
  const std::vector<double> timesteps_;
};

struct NoiseSchedulerOptions {
  int64_t num_steps = 50;  // 1 … 1000
  double flow_shift = 3.0;
  at::ScalarType dtype = at::kFloat;  // of sigmas, coefficients and latents: kFloat or kDouble
};

// The scheduler that the Diffusers class of this name gives with `flow_shift` in its configuration: UniPCMultistep,
// FlowMatchEulerDiscrete (which applies the shift twice), DPMSolverMultistep.
std::unique_ptr<NoiseScheduler> MakeNoiseScheduler(NoiseSchedulerKind kind, const NoiseSchedulerOptions& options);

}  // namespace wan

#endif  // WAN_WORKER_DIFFUSION_NOISE_SCHEDULER_H_

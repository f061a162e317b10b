#include "worker/diffusion/noise_scheduler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

namespace wan {
namespace {

constexpr NoiseSchedulerKind kKinds[] = {NoiseSchedulerKind::kUniPC, NoiseSchedulerKind::kEuler,
                                         NoiseSchedulerKind::kDpm};

at::Tensor Flow(const at::Tensor& x) { return x * 0.7 + 0.1; }

void RunTo(const NoiseScheduler& scheduler, int64_t until, DenoiseState& state) {
  while (state.step < until) scheduler.Step(Flow(state.latents), state);
}

TEST(NoiseScheduler, EveryCountOfStepsEndsAtSigmaZeroWithFiniteLatents) {
  for (const NoiseSchedulerKind kind : kKinds) {
    for (const int64_t steps : {1, 2, 3, 7, 50, 999, 1000}) {
      const auto scheduler = MakeNoiseScheduler(kind, {.num_steps = steps, .flow_shift = 5.0});
      ASSERT_EQ(scheduler->num_steps(), steps);
      ASSERT_EQ(scheduler->sigmas().size(), static_cast<size_t>(steps) + 1);
      EXPECT_EQ(scheduler->sigmas().back(), 0.0);
      for (size_t i = 0; i < static_cast<size_t>(steps); ++i) {
        EXPECT_GE(scheduler->sigmas()[i], scheduler->sigmas()[i + 1]);
      }
      DenoiseState state = {.latents = at::randn({1, 2, 1, 2, 2})};
      RunTo(*scheduler, steps, state);
      EXPECT_TRUE(at::isfinite(state.latents).all().item<bool>()) << NoiseSchedulerName(kind) << " " << steps;
    }
  }
}

TEST(NoiseScheduler, ARunGoesOnFromACopiedState) {
  for (const NoiseSchedulerKind kind : kKinds) {
    const auto scheduler = MakeNoiseScheduler(kind, {.num_steps = 6, .flow_shift = 3.0});
    DenoiseState whole = {.latents = at::randn({1, 2, 1, 2, 2})};
    DenoiseState first = {.latents = whole.latents.clone()};
    RunTo(*scheduler, 6, whole);
    RunTo(*scheduler, 3, first);
    DenoiseState second = {.step = first.step, .latents = first.latents.clone(), .last_order = first.last_order};
    for (const at::Tensor& prediction : first.predictions) second.predictions.push_back(prediction.clone());
    if (first.last_sample.defined()) second.last_sample = first.last_sample.clone();
    RunTo(*MakeNoiseScheduler(kind, {.num_steps = 6, .flow_shift = 3.0}), 6, second);
    EXPECT_TRUE(at::equal(second.latents, whole.latents)) << NoiseSchedulerName(kind);
  }
}

TEST(NoiseScheduler, HistoryDoesNotGrowWithTheSteps) {
  for (const NoiseSchedulerKind kind : kKinds) {
    const auto scheduler = MakeNoiseScheduler(kind, {.num_steps = 20});
    DenoiseState state = {.latents = at::randn({1, 2, 1, 2, 2})};
    RunTo(*scheduler, 19, state);
    EXPECT_LE(state.predictions.size(), 2u);
  }
}

TEST(NoiseScheduler, Float64StaysCloseToFloat32AndKeepsItsDtype) {
  for (const NoiseSchedulerKind kind : kKinds) {
    DenoiseState narrow = {.latents = at::randn({1, 2, 1, 2, 2})};
    DenoiseState wide = {.latents = narrow.latents.to(at::kDouble)};
    RunTo(*MakeNoiseScheduler(kind, {.num_steps = 10}), 10, narrow);
    RunTo(*MakeNoiseScheduler(kind, {.num_steps = 10, .dtype = at::kDouble}), 10, wide);
    EXPECT_EQ(wide.latents.scalar_type(), at::kDouble);
    EXPECT_LE((wide.latents - narrow.latents).abs().max().item<double>(), 1e-5) << NoiseSchedulerName(kind);
  }
}

TEST(NoiseScheduler, UniPCTimestepsAreTruncatedNotRounded) {
  const auto scheduler = MakeNoiseScheduler(NoiseSchedulerKind::kUniPC, {.num_steps = 4, .flow_shift = 5.0});
  EXPECT_EQ(scheduler->timesteps(), (std::vector<double>{999, 937, 833, 625}));
}

}  // namespace
}  // namespace wan

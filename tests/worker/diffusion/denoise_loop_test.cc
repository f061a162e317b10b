#include "worker/diffusion/denoise_loop.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <limits>

#include "common/error.h"
#include "tests/testing/tiny_transformer.h"

namespace wan {
namespace {

class DenoiseTest : public ::testing::Test {
 protected:
  DenoiseTest()
      : tiny_(MakeTinyTransformer()),
        prompts_(tiny_.transformer->PreparePrompts({at::randn({1, 6, 10}), at::randn({1, 6, 10})})),
        scheduler_(MakeNoiseScheduler(NoiseSchedulerKind::kUniPC, {.num_steps = 3})) {}

  absl::Status Run(const Guidance& guidance, DenoiseState& state) {
    return Denoise(*tiny_.transformer, *scheduler_, guidance, state,
                   [](const StepPredictions&, const DenoiseState&) { return absl::OkStatus(); });
  }

  TinyTransformer tiny_;
  const std::vector<PromptContext> prompts_;
  const std::unique_ptr<NoiseScheduler> scheduler_;
  const at::Tensor noise_ = at::randn({1, 4, 2, 4, 4});
};

TEST_F(DenoiseTest, EveryBlockIsAcquiredOnceAStepForAllBranches) {
  std::fill(tiny_.parameters->acquired.begin(), tiny_.parameters->acquired.end(), 0);
  DenoiseState state = {.latents = noise_};
  ASSERT_TRUE(Run({&prompts_[0], &prompts_[1], 4.0}, state).ok());
  EXPECT_EQ(tiny_.parameters->acquired, (std::vector<int>{3, 3, 3}));
}

TEST_F(DenoiseTest, GuidanceIsUncondPlusScaledDifference) {
  const DenoiseState state = {.latents = noise_};
  const StepPredictions predictions =
      Predict(*tiny_.transformer, *scheduler_, {&prompts_[0], &prompts_[1], 4.0}, state);
  EXPECT_TRUE(at::equal(predictions.guided,
                        *predictions.unconditional + (predictions.conditional - *predictions.unconditional) * 4.0));
}

TEST_F(DenoiseTest, BranchesTogetherEqualBranchesAlone) {
  const DenoiseState state = {.latents = noise_};
  const StepPredictions both = Predict(*tiny_.transformer, *scheduler_, {&prompts_[0], &prompts_[1], 4.0}, state);
  const StepPredictions alone = Predict(*tiny_.transformer, *scheduler_, {&prompts_[1]}, state);
  EXPECT_TRUE(at::equal(*both.unconditional, alone.conditional));
  EXPECT_FALSE(alone.unconditional.has_value());
}

TEST_F(DenoiseTest, StopsAtTheStepWhereTheObserverSaysSo) {
  DenoiseState state = {.latents = noise_};
  const absl::Status status = Denoise(*tiny_.transformer, *scheduler_, {&prompts_[0]}, state,
                                      [](const StepPredictions&, const DenoiseState& now) {
                                        return now.step == 2 ? absl::CancelledError("enough") : absl::OkStatus();
                                      });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(state.step, 2);
}

TEST_F(DenoiseTest, GoesOnFromAnyStep) {
  DenoiseState whole = {.latents = noise_}, part = {.latents = noise_};
  ASSERT_TRUE(Run({&prompts_[0], &prompts_[1], 4.0}, whole).ok());
  const absl::Status cut = Denoise(*tiny_.transformer, *scheduler_, {&prompts_[0], &prompts_[1], 4.0}, part,
                                   [](const StepPredictions&, const DenoiseState&) { return absl::AbortedError(""); });
  EXPECT_EQ(cut.code(), absl::StatusCode::kAborted);
  ASSERT_TRUE(Run({&prompts_[0], &prompts_[1], 4.0}, part).ok());
  EXPECT_TRUE(at::equal(part.latents, whole.latents));
}

TEST_F(DenoiseTest, LatentsThatAreNotFiniteFailWithTheirStep) {
  DenoiseState state = {.latents = noise_.clone()};
  state.latents.view({-1})[5] = std::numeric_limits<float>::quiet_NaN();
  const absl::Status status = Run({&prompts_[0]}, state);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  const ErrorDetails details = GetErrorDetails(status);
  EXPECT_EQ(details.reason, kNonFinite);
  EXPECT_EQ(details.metadata.at("phase"), "denoising");
  EXPECT_EQ(details.metadata.at("step"), "1");
}

}  // namespace
}  // namespace wan

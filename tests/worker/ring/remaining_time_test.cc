#include "worker/ring/remaining_time.h"

#include <gtest/gtest.h>

namespace wan {
namespace {

GenerationSpec Spec(int64_t num_steps, int64_t num_videos) {
  GenerationSpec spec;
  spec.width = 64;
  spec.height = 32;
  spec.num_frames = 5;
  spec.num_steps = num_steps;
  spec.num_videos = num_videos;
  return spec;
}

Progress Step(int64_t video, int64_t step, int64_t of) {
  return {.phase = Phase::kDenoising, .video_index = video, .step = step, .of = of};
}

Progress Chunk(int64_t video, int64_t step, int64_t of) {
  return {.phase = Phase::kDecoding, .video_index = video, .step = step, .of = of};
}

TEST(RemainingTime, HasNoBasisBeforeTheFirstStep) {
  LearntRates rates;
  RemainingTime time(Spec(4, 1), rates);
  time.Record({.phase = Phase::kEncodingText, .step = 1, .of = 1}, absl::Seconds(9));
  EXPECT_FALSE(time.Estimate().has_value());
  EXPECT_EQ(time.MeanStep(Phase::kDenoising), absl::ZeroDuration());
}

TEST(RemainingTime, CountsTheStepsLeftOfAllVideosAtTheirMean) {
  LearntRates rates;
  RemainingTime time(Spec(4, 3), rates);
  time.Record(Step(0, 1, 4), absl::Seconds(1));
  time.Record(Step(0, 2, 4), absl::Seconds(3));
  EXPECT_EQ(time.MeanStep(Phase::kDenoising), absl::Seconds(2));
  EXPECT_EQ(*time.Estimate(), absl::Seconds(2 * (2 + 4 + 4)));
}

TEST(RemainingTime, CountsDecodingOfLaterVideosOnceOneIsDecoded) {
  LearntRates rates;
  RemainingTime time(Spec(1, 2), rates);
  time.Record(Step(0, 1, 1), absl::Seconds(2));
  time.Record(Chunk(0, 1, 2), absl::Seconds(4));
  // One chunk of this video, two of the next, one step of the next.
  EXPECT_EQ(*time.Estimate(), absl::Seconds(4 + 2 * 4 + 2));
}

TEST(RemainingTime, NextJobKnowsWhatDecodingCostsByItsSize) {
  LearntRates rates;
  RemainingTime first(Spec(1, 1), rates);
  first.Record(Step(0, 1, 1), absl::Seconds(1));
  first.Record(Chunk(0, 1, 2), absl::Seconds(3));
  first.Record(Chunk(0, 2, 2), absl::Seconds(5));
  EXPECT_EQ(*first.Estimate(), absl::ZeroDuration());

  GenerationSpec twice = Spec(2, 1);
  twice.width *= 2;
  RemainingTime second(twice, rates);
  second.Record(Step(0, 1, 2), absl::Seconds(10));
  EXPECT_NEAR(absl::ToDoubleSeconds(*second.Estimate()), 10 + 2 * 8, 1e-6);
}

TEST(RemainingTime, IgnoresWhatIsNoStep) {
  LearntRates rates;
  RemainingTime time(Spec(2, 1), rates);
  time.Record(Step(0, 0, 2), absl::Seconds(100));
  time.Record(Step(7, 1, 2), absl::Seconds(100));
  EXPECT_FALSE(time.Estimate().has_value());
}

}  // namespace
}  // namespace wan

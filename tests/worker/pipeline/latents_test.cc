#include "worker/pipeline/latents.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

namespace wan {
namespace {

TEST(Latents, ShapeFollowsTheFactors) {
  const LatentGeometry geometry = {.channels = 12, .spatial_factor = 8, .temporal_factor = 4};
  EXPECT_EQ(geometry.Shape(2, 17, 64, 96), (std::array<int64_t, 5>{2, 12, 5, 8, 12}));
  EXPECT_EQ(geometry.Shape(1, 1, 16, 16)[2], 1);
}

// torch.randn(4, generator=torch.Generator("cpu").manual_seed(42)) of PyTorch 2.11.
TEST(Latents, NoiseIsThatOfTheReferencesGenerator) {
  const at::Tensor noise = MakeNoise({4}, 42);
  const float expected[] = {0.33669037f, 0.12880941f, 0.23446237f, 0.23033303f};
  for (int64_t i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(noise[i].item<float>(), expected[i]);
}

TEST(Latents, SeedsUpToTheLargestGiveNoiseOfTheirLow32Bits) {
  EXPECT_TRUE(at::equal(MakeNoise({64}, 1), MakeNoise({64}, (int64_t{1} << 32) + 1)));
  EXPECT_FALSE(at::equal(MakeNoise({64}, 1), MakeNoise({64}, 2)));
  EXPECT_EQ(MakeNoise({4}, INT64_MAX).numel(), 4);
  // A seed of 19 digits, and the same rounded to 53 bits: other noise.
  EXPECT_FALSE(at::equal(MakeNoise({64}, 6687881544318117707), MakeNoise({64}, 6687881544318117888)));
}

}  // namespace
}  // namespace wan

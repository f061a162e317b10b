#include "worker/ops/channel_norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/testing/tensors.h"

namespace wan {
namespace {

at::Tensor Random(at::IntArrayRef shape) { return at::rand(shape, at::TensorOptions(at::kFloat)) - 0.5; }

at::Tensor InDouble(const at::Tensor& x, const at::Tensor& gamma) {
  const at::Tensor wide = x.to(at::kDouble);
  const at::Tensor norm = wide.square().sum(1, /*keepdim=*/true).sqrt();
  return wide / norm * std::sqrt(static_cast<double>(x.size(1))) * gamma.to(at::kDouble).view({1, -1, 1, 1, 1});
}

TEST(ChannelNorm, IsTheL2NormOverChannelsWithoutEpsilon) {
  const at::Tensor gamma = Random({6});
  // Dark areas: an epsilon in the root would show.
  for (const double scale : {1.0, 1e-4}) {
    const at::Tensor x = Random({1, 6, 3, 4, 5}) * scale;
    EXPECT_TRUE(Near(ChannelNorm(x, gamma), InDouble(x, gamma), 1e-6)) << "scale " << scale;
  }
}

TEST(ChannelNorm, ZeroStaysZero) {
  const at::Tensor x = at::zeros({1, 6, 1, 2, 2});
  EXPECT_TRUE(at::equal(ChannelNorm(x, Random({6})), x));
}

TEST(ChannelNorm, LeavesItsInputAloneAndKeepsItsLayout) {
  const at::Tensor x = Random({1, 6, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast3d);
  const at::Tensor before = x.clone();
  EXPECT_TRUE(ChannelNorm(x, Random({6})).is_contiguous(at::MemoryFormat::ChannelsLast3d));
  EXPECT_TRUE(at::equal(x, before));
}

TEST(ChannelNorm, HalfPrecisionRoundsTheQuotientBeforeTheProducts) {
  const at::Tensor gamma = Random({6}).to(at::kBFloat16), x = Random({1, 6, 3, 4, 5}).to(at::kBFloat16);
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor quotient = (wide / wide.square().sum(1, true).sqrt()).to(at::kBFloat16);
  const at::Tensor expected = quotient * std::sqrt(6.0) * gamma.view({1, -1, 1, 1, 1});
  // One unit in the last place of values below 4: the norm's own last bit may tip the rounding.
  EXPECT_TRUE(Near(ChannelNorm(x, gamma), expected, 0.016));
  EXPECT_EQ(ChannelNorm(x, gamma).scalar_type(), at::kBFloat16);
}

}  // namespace
}  // namespace wan

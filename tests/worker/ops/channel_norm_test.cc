#include "worker/ops/channel_norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

namespace wan {
namespace {

TEST(ChannelNorm, DividesByTheLengthOverChannels) {
  const at::Tensor x = at::randn({1, 6, 2, 3, 4}), gamma = at::randn({6});
  const at::Tensor expected = x / x.pow(2).sum(1, true).sqrt() * std::sqrt(6.0) * gamma.view({1, 6, 1, 1, 1});
  EXPECT_LE((ChannelNorm(x, gamma) - expected).abs().max().item<float>(), 1e-5);
}

TEST(ChannelNorm, ZerosStayZero) {
  EXPECT_TRUE(at::equal(ChannelNorm(at::zeros({1, 4, 1, 2, 2}), at::ones({4})), at::zeros({1, 4, 1, 2, 2})));
}

TEST(ChannelNorm, HalfPrecisionDividesInFp32AndMultipliesInItsOwn) {
  const at::Tensor x = at::randn({1, 6, 2, 3, 4}).to(at::kBFloat16), gamma = at::randn({6}).to(at::kBFloat16);
  const at::Tensor full = x.to(at::kFloat);
  const at::Tensor expected =
      (full / full.pow(2).sum(1, true).sqrt()).to(at::kBFloat16) * std::sqrt(6.0) * gamma.view({1, 6, 1, 1, 1});
  EXPECT_LE((ChannelNorm(x, gamma).to(at::kFloat) - expected.to(at::kFloat)).abs().max().item<float>(), 0.02);
  EXPECT_EQ(ChannelNorm(x, gamma).scalar_type(), at::kBFloat16);
}

}  // namespace
}  // namespace wan

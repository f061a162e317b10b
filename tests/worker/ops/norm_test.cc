#include "worker/ops/norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

namespace wan {
namespace {

TEST(Norm, LayerNormTakesPopulationVarianceInFp32) {
  const at::Tensor x = at::randn({2, 5, 24}) * 3 + 1;
  const at::Tensor centred = x - x.mean(-1, true);
  const at::Tensor expected = centred * (centred.pow(2).mean(-1, true) + 1e-6).rsqrt();
  EXPECT_LE((LayerNormF32(x, {}, {}, 1e-6) - expected).abs().max().item<float>(), 1e-5);
  EXPECT_EQ(LayerNormF32(x.to(at::kBFloat16), {}, {}, 1e-6).scalar_type(), at::kFloat);
}

TEST(Norm, RmsNormDoesNotSubtractTheMean) {
  const at::Tensor x = at::ones({1, 4}) * 3;
  const at::Tensor weight = at::ones({4}) * 2;
  EXPECT_LE((RmsNorm(x, weight, 1e-6) - 2).abs().max().item<float>(), 1e-6);
}

TEST(Norm, T5FormRoundsBeforeTheWeight) {
  const at::Tensor x = at::randn({3, 64}).to(at::kBFloat16), weight = at::randn({64}).to(at::kBFloat16);
  const at::Tensor full = x.to(at::kFloat);
  const at::Tensor normed = (full * (full.pow(2).mean(-1, true) + 1e-6).rsqrt()).to(at::kBFloat16);
  EXPECT_TRUE(at::equal(T5RmsNorm(x, weight, 1e-6), weight * normed));
}

}  // namespace
}  // namespace wan

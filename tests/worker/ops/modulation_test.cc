#include "worker/ops/modulation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "worker/ops/norm.h"

namespace wan {
namespace {

TEST(Modulation, NormIsScaledByOnePlusScaleThenShifted) {
  const at::Tensor x = at::randn({1, 6, 8}), shift = at::randn({1, 1, 8}), scale = at::randn({1, 1, 8});
  EXPECT_TRUE(at::equal(ModulatedNorm(x, shift, scale, 1e-6), LayerNormF32(x, {}, {}, 1e-6) * (scale + 1) + shift));
}

TEST(Modulation, GateIsAppliedInFp32AndRoundedOnce) {
  const at::Tensor x = at::randn({1, 6, 8}).to(at::kBFloat16), y = at::randn({1, 6, 8}).to(at::kBFloat16);
  const at::Tensor gate = at::randn({1, 1, 8});
  EXPECT_TRUE(at::equal(GatedAdd(x, y, gate), (x.to(at::kFloat) + y.to(at::kFloat) * gate).to(at::kBFloat16)));
}

TEST(Modulation, InputsAreLeftAsTheyAre) {
  const at::Tensor x = at::randn({1, 6, 8}), y = at::randn({1, 6, 8}), gate = at::randn({1, 1, 8});
  const at::Tensor x_before = x.clone(), y_before = y.clone();
  ModulatedNorm(x, gate, gate, 1e-6);
  GatedAdd(x, y, gate);
  EXPECT_TRUE(at::equal(x, x_before));
  EXPECT_TRUE(at::equal(y, y_before));
}

}  // namespace
}  // namespace wan

#include "worker/ops/causal_conv3d.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

namespace wan {
namespace {

// The whole clip at once, padded with two frames of zeros in front.
at::Tensor WholeClip(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::conv3d(at::constant_pad_nd(x, {1, 1, 1, 1, 2, 0}), weight, bias);
}

TEST(CausalConv3d, AnyChunksEqualTheWholeClip) {
  const at::Tensor x = at::randn({1, 5, 9, 6, 7}), weight = at::randn({4, 5, 3, 3, 3}), bias = at::randn({4});
  const at::Tensor expected = WholeClip(x, weight, bias);
  for (const std::vector<int64_t>& chunks :
       std::vector<std::vector<int64_t>>{{9}, {1, 8}, {1, 4, 4}, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {2, 3, 4}}) {
    at::Tensor context;
    std::vector<at::Tensor> outputs;
    int64_t at_frame = 0;
    for (const int64_t frames : chunks) {
      outputs.push_back(CausalConv3d(x.narrow(2, at_frame, frames), weight, bias, 1, context));
      at_frame += frames;
    }
    // The order of summation differs between the two formulations.
    EXPECT_LE((at::cat(outputs, 2) - expected).abs().max().item<float>(), 1e-4 * expected.abs().max().item<float>());
  }
}

TEST(CausalConv3d, ContextIsACopyAndNotAViewOfTheChunk) {
  const at::Tensor x = at::randn({1, 2, 8, 4, 4}), weight = at::randn({2, 2, 3, 3, 3}), bias = at::randn({2});
  at::Tensor context;
  CausalConv3d(x, weight, bias, 1, context);
  EXPECT_EQ(context.size(2), 2);
  EXPECT_EQ(context.storage().nbytes(), static_cast<size_t>(context.numel()) * sizeof(float));
  EXPECT_TRUE(at::equal(context, x.narrow(2, 6, 2)));
}

TEST(CausalConv3d, RowSlicesWithAHaloRowGiveTheBitsOfTheWhole) {
  const at::Tensor x = at::randn({1, 8, 3, 12, 10}), weight = at::randn({8, 8, 1, 3, 3}), bias = at::randn({8});
  const at::Tensor whole = Conv3d(x, weight, bias, {.padding = {0, 1, 1}});
  const at::Tensor upper = Conv3d(x.narrow(3, 0, 7), weight, bias, {.padding = {0, 1, 1}}).narrow(3, 0, 6);
  const at::Tensor lower = Conv3d(x.narrow(3, 5, 7), weight, bias, {.padding = {0, 1, 1}}).narrow(3, 1, 6);
  EXPECT_TRUE(at::equal(at::cat({upper, lower}, 3), whole));
}

TEST(Conv3d, WeightsOfAnotherDtypeAreCast) {
  const at::Tensor x = at::randn({1, 2, 2, 4, 4}), weight = at::randn({3, 2, 1, 1, 1}).to(at::kBFloat16);
  const at::Tensor bias = at::randn({3}).to(at::kBFloat16);
  EXPECT_TRUE(at::equal(Conv3d(x, weight, bias, {}), Conv3d(x, weight.to(at::kFloat), bias.to(at::kFloat), {})));
}

}  // namespace
}  // namespace wan

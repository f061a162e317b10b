#include "worker/ops/causal_conv3d.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/testing/tensors.h"

namespace wan {
namespace {

constexpr at::MemoryFormat kChannelsLast = at::MemoryFormat::ChannelsLast3d;
// Sums of up to 27·9 products below 1 in fp32; the order of the sum is the library's.
constexpr double kRounding = 2e-5;

at::Tensor Random(at::IntArrayRef shape) { return at::rand(shape, at::TensorOptions(at::kFloat)) - 0.5; }

struct Weights {
  at::Tensor weight, bias;
};
Weights RandomWeights(int64_t out, int64_t in, int64_t kt, int64_t k) {
  return {Random({out, in, kt, k, k}).contiguous(kChannelsLast), Random({out})};
}

// In fp64 and contiguous, where ATen takes its plain path.
at::Tensor Reference(const at::Tensor& x, const Weights& w, const ConvGeometry& geometry) {
  return at::conv3d(x.to(at::kDouble).contiguous(), w.weight.to(at::kDouble).contiguous(), w.bias.to(at::kDouble),
                    geometry.stride, geometry.padding);
}

at::Tensor RunInChunks(const at::Tensor& x, const Weights& w, const std::vector<int64_t>& chunks) {
  at::Tensor context;
  std::vector<at::Tensor> parts;
  int64_t start = 0;
  for (const int64_t frames : chunks) {
    parts.push_back(CausalConv3d(x.narrow(2, start, frames), w.weight, w.bias, /*time_stride=*/1, context));
    start += frames;
  }
  return at::cat(parts, 2);
}

TEST(Conv3d, EqualsThePlainPathInDoublePrecision) {
  const Weights w = RandomWeights(5, 9, 3, 3);
  const at::Tensor x = Random({1, 9, 4, 6, 7});
  const ConvGeometry geometry = {.padding = {0, 1, 1}, .stride = {1, 2, 2}};
  EXPECT_TRUE(Near(Conv3d(x, w.weight, w.bias, geometry), Reference(x, w, geometry), kRounding));
}

TEST(Conv3d, ReturnsChannelsLastForEitherLayoutAndTheSameValues) {
  const Weights w = RandomWeights(4, 6, 1, 3);
  const at::Tensor x = Random({1, 6, 3, 5, 4});
  const at::Tensor y = Conv3d(x, w.weight, w.bias, {.padding = {0, 1, 1}});
  EXPECT_TRUE(y.is_contiguous(kChannelsLast));
  EXPECT_TRUE(at::equal(y, Conv3d(x.contiguous(kChannelsLast), w.weight, w.bias, {.padding = {0, 1, 1}})));
}

TEST(Conv3d, StoredWeightsOfAnotherDtypeAreCastToTheComputedOne) {
  const Weights w = RandomWeights(4, 6, 1, 3);
  const at::Tensor weight = w.weight.to(at::kBFloat16), bias = w.bias.to(at::kBFloat16);
  const at::Tensor x = Random({1, 6, 2, 5, 4});
  const at::Tensor y = Conv3d(x, weight, bias, {});
  EXPECT_EQ(y.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(y, Conv3d(x, weight.to(at::kFloat), bias.to(at::kFloat), {})));
}

TEST(CausalConv3d, FirstFramesSeeZerosBeforeThem) {
  const Weights w = RandomWeights(4, 9, 3, 3);
  const at::Tensor x = Random({1, 9, 3, 5, 6});
  at::Tensor context;
  const at::Tensor padded = at::constant_pad_nd(x, {0, 0, 0, 0, 2, 0});
  EXPECT_TRUE(
      Near(CausalConv3d(x, w.weight, w.bias, 1, context), Reference(padded, w, {.padding = {0, 1, 1}}), kRounding));
}

TEST(CausalConv3d, AnyChunkingGivesTheWhole) {
  const Weights w = RandomWeights(4, 9, 3, 3);
  const at::Tensor x = Random({1, 9, 7, 5, 6});
  const at::Tensor whole = RunInChunks(x, w, {7});
  for (const std::vector<int64_t>& chunks :
       std::vector<std::vector<int64_t>>{{1, 1, 1, 1, 1, 1, 1}, {1, 3, 3}, {2, 1, 4}, {1, 6}, {5, 2}}) {
    EXPECT_TRUE(Near(RunInChunks(x, w, chunks), whole, kRounding)) << chunks.size() << " chunks";
  }
}

TEST(CausalConv3d, KernelOverTimeAloneIsNotPaddedInSpace) {
  const Weights w = RandomWeights(6, 3, 3, 1);
  at::Tensor context;
  EXPECT_EQ(CausalConv3d(Random({1, 3, 2, 4, 5}), w.weight, w.bias, 1, context).sizes(),
            at::IntArrayRef({1, 6, 2, 4, 5}));
}

TEST(CausalConv3d, OfStrideTwoSeesOneFrameBefore) {
  const Weights w = RandomWeights(4, 4, 3, 1);
  const at::Tensor x = Random({1, 4, 9, 3, 5});
  at::Tensor context = x.narrow(2, 0, 1).clone();
  const at::Tensor first = CausalConv3d(x.narrow(2, 1, 4), w.weight, w.bias, 2, context);
  const at::Tensor second = CausalConv3d(x.narrow(2, 5, 4), w.weight, w.bias, 2, context);
  EXPECT_TRUE(Near(at::cat({first, second}, 2), Reference(x, w, {.stride = {2, 1, 1}}), kRounding));
}

TEST(CausalConv3d, ContextIsACopyOfItsFramesAlone) {
  const Weights w = RandomWeights(4, 4, 3, 3);
  at::Tensor x = Random({1, 4, 16, 5, 6});
  const at::Tensor last = x.narrow(2, 14, 2).clone();
  at::Tensor context;
  CausalConv3d(x, w.weight, w.bias, 1, context);
  x.zero_();
  EXPECT_TRUE(at::equal(context, last));
  EXPECT_EQ(context.storage().nbytes(), last.nbytes());
}

TEST(CausalConv3d, OneFrameAfterAnotherKeepsBoth) {
  const Weights w = RandomWeights(4, 4, 3, 3);
  const at::Tensor x = Random({1, 4, 2, 5, 6});
  at::Tensor context;
  CausalConv3d(x.narrow(2, 0, 1), w.weight, w.bias, 1, context);
  CausalConv3d(x.narrow(2, 1, 1), w.weight, w.bias, 1, context);
  EXPECT_TRUE(at::equal(context, x));
}

TEST(CausalConv3d, KernelWithoutHistoryNeedsNoContext) {
  const Weights w = RandomWeights(4, 4, 1, 1);
  at::Tensor context;
  CausalConv3d(Random({1, 4, 2, 5, 6}), w.weight, w.bias, 1, context);
  EXPECT_FALSE(context.defined());
}

}  // namespace
}  // namespace wan

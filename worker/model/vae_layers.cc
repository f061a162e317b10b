#include "worker/model/vae_layers.h"

#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/silu.h>

#include <utility>

#include "worker/ops/causal_conv3d.h"
#include "worker/ops/channel_norm.h"

namespace wan {
namespace {

at::Tensor NormAndActivate(const at::Tensor& x, const at::Tensor& gamma) {
  at::Tensor y = ChannelNorm(x, gamma);
  return at::silu_(y);
}

at::Tensor Attention(const VaeAttentionWeights& weights, const at::Tensor& x) {
  const int64_t channels = x.size(1), frames = x.size(2), positions = x.size(3) * x.size(4);
  const at::Tensor qkv = Conv3d(ChannelNorm(x, weights.norm), weights.to_qkv.weight, weights.to_qkv.bias, {})
                             .permute({0, 2, 3, 4, 1})
                             .reshape({frames, 1, positions, 3 * channels});
  const at::Tensor attended =
      at::scaled_dot_product_attention(qkv.narrow(3, 0, channels), qkv.narrow(3, channels, channels),
                                       qkv.narrow(3, 2 * channels, channels))
          .reshape({1, frames, x.size(3), x.size(4), channels})
          .permute({0, 4, 1, 2, 3});
  return Conv3d(attended, weights.proj.weight, weights.proj.bias, {}).add_(x);
}

}  // namespace

at::Tensor VaeCausalConv(const ConvWeights& weights, at::Tensor x, FeatureCache& cache) {
  return CausalConv3d(std::move(x), weights.weight, weights.bias, /*time_stride=*/1, cache.Next());
}

at::Tensor VaeResidual(const VaeResidualWeights& weights, at::Tensor x, FeatureCache& cache) {
  at::Tensor y = VaeCausalConv(weights.conv1, NormAndActivate(x, weights.norm1), cache);
  y = NormAndActivate(y, weights.norm2);
  y = VaeCausalConv(weights.conv2, std::move(y), cache);
  if (weights.shortcut.weight.defined()) x = Conv3d(x, weights.shortcut.weight, weights.shortcut.bias, {});
  return y.add_(x);
}

at::Tensor VaeMid(const VaeMidWeights& weights, at::Tensor x, FeatureCache& cache) {
  x = VaeResidual(weights.first, std::move(x), cache);
  x = Attention(weights.attention, x);
  return VaeResidual(weights.second, std::move(x), cache);
}

at::Tensor VaeHead(const at::Tensor& gamma, const ConvWeights& weights, at::Tensor x, FeatureCache& cache) {
  at::Tensor y = NormAndActivate(x, gamma);
  x.reset();
  return VaeCausalConv(weights, std::move(y), cache);
}

}  // namespace wan

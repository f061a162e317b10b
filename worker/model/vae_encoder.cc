#include "worker/model/vae_encoder.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "common/log.h"
#include "worker/model/vae_layers.h"
#include "worker/ops/causal_conv3d.h"

namespace wan {
namespace {

at::Tensor Downsample(const VaeResampleWeights& weights, at::Tensor x, bool is_first, FeatureCache& cache) {
  x = at::constant_pad_nd(x, {0, 1, 0, 1});  // right and bottom only
  x = Conv3d(x, weights.spatial.weight, weights.spatial.bias, {.stride = {1, 2, 2}});
  if (!weights.time.weight.defined()) return x;
  // Of three frames one is made, the first of them seen before; the first frame of a clip stays as it is.
  at::Tensor& last = cache.Next();
  const at::Tensor previous = last;
  last = x.narrow(2, x.size(2) - 1, 1).clone();
  if (is_first) return x;
  return Conv3d(at::cat({previous, x}, 2), weights.time.weight, weights.time.bias, {.stride = {2, 1, 1}});
}

}  // namespace

at::Tensor VaeEncoder::EncodeMoments(const at::Tensor& video) {
  WAN_CHECK(video.dim() == 5 && video.size(1) == 3 && video.size(2) % config_.temporal_factor() == 1);
  WAN_CHECK(video.size(3) % config_.spatial_factor() == 0 && video.size(4) % config_.spatial_factor() == 0);
  WAN_CHECK(options_.chunk % config_.temporal_factor() == 0);
  std::vector<at::Tensor> moments;
  for (int64_t i = 0; i < video.size(0); ++i) moments.push_back(EncodeOne(video.narrow(0, i, 1)));
  return at::cat(moments);
}

at::Tensor VaeEncoder::EncodeOne(const at::Tensor& video) {
  FeatureCache cache;
  std::vector<at::Tensor> latents = {EncodeChunk(video.narrow(2, 0, 1), /*is_first=*/true, cache)};
  const int64_t total = video.size(2), chunk = options_.chunk == 0 ? std::max<int64_t>(total - 1, 1) : options_.chunk;
  for (int64_t next = 1; next < total; next += chunk) {
    latents.push_back(EncodeChunk(video.narrow(2, next, std::min(chunk, total - next)), /*is_first=*/false, cache));
  }
  return Conv3d(at::cat(latents, 2), weights_.quant.weight, weights_.quant.bias, {});
}

at::Tensor VaeEncoder::EncodeChunk(const at::Tensor& frames, bool is_first, FeatureCache& cache) {
  cache.Rewind();
  at::Tensor x = VaeCausalConv(weights_.conv_in, frames, cache);
  for (const VaeLevelWeights& level : weights_.levels) {
    for (const VaeResidualWeights& residual : level.residuals) x = VaeResidual(residual, std::move(x), cache);
    for (const VaeResampleWeights& resample : level.resample) x = Downsample(resample, std::move(x), is_first, cache);
  }
  x = VaeMid(weights_.mid, std::move(x), cache);
  return VaeHead(weights_.norm_out, weights_.conv_out, std::move(x), cache);
}

}  // namespace wan

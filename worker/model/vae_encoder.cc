#include "worker/model/vae_encoder.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
  if (is_first) {
    last = x.clone();
    return x;
  }
  return CausalConv3d(std::move(x), weights.time.weight, weights.time.bias, /*time_stride=*/2, last);
}

}  // namespace

absl::StatusOr<at::Tensor> VaeEncoder::EncodeMoments(const at::Tensor& video) {
  const int64_t in_time = config_.temporal_factor(), in_space = config_.spatial_factor();
  if (options_.chunk < 0 || options_.chunk % in_time != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("encode chunk is ", options_.chunk, " frames, must be 0 or a multiple of ", in_time));
  }
  if (video.dim() != 5 || video.size(0) < 1 || video.size(1) != 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("pixels are [", absl::StrJoin(video.sizes(), ", "), "], must be [B, 3, frames, height, width]"));
  }
  if (video.size(2) < 1 || (video.size(2) - 1) % in_time != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("frames are ", video.size(2), ", must be 1 more than a multiple of ", in_time));
  }
  if (video.size(3) < 1 || video.size(4) < 1 || video.size(3) % in_space != 0 || video.size(4) % in_space != 0) {
    return absl::InvalidArgumentError(absl::StrCat("height and width are ", video.size(3), " and ", video.size(4),
                                                   ", must be multiples of ", in_space));
  }
  std::vector<at::Tensor> moments;
  for (int64_t i = 0; i < video.size(0); ++i) moments.push_back(EncodeOne(video.narrow(0, i, 1)));
  return at::cat(moments).contiguous();
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

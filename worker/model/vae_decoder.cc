#include "worker/model/vae_decoder.h"

#include <ATen/ops/constant_pad_nd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "worker/model/vae_layers.h"
#include "worker/ops/causal_conv3d.h"

namespace wan {
namespace {

// [1, times·C, t, h, w] → [1, C, times·t, 2h, 2w]: each frame becomes `times` frames, one of each part of its channels,
// and each pixel four by plain replication (nearest neighbour at exactly twice the size). One copy does both.
at::Tensor Replicate(const at::Tensor& x, int64_t times) {
  const int64_t channels = x.size(1) / times, frames = x.size(2), rows = x.size(3), columns = x.size(4);
  return x.permute({0, 2, 3, 4, 1})
      .reshape({frames, rows, columns, times, channels})
      .permute({0, 3, 1, 2, 4})
      .unsqueeze(4)
      .unsqueeze(3)
      .expand({frames, times, rows, 2, columns, 2, channels})
      .reshape({1, frames * times, 2 * rows, 2 * columns, channels})
      .permute({0, 4, 1, 2, 3});
}

at::Tensor Upsample(const VaeResampleWeights& weights, at::Tensor x, bool is_first, FeatureCache& cache) {
  int64_t times = 1;
  if (weights.time.weight.defined()) {
    // The first frame of a clip stays one frame and is no context to the second.
    if (is_first) {
      cache.Skip();
    } else {
      x = VaeCausalConv(weights.time, std::move(x), cache);
      times = 2;
    }
  }
  x = Replicate(x, times);
  return Conv3d(x, weights.spatial.weight, weights.spatial.bias, {.padding = {0, 1, 1}});
}

}  // namespace

absl::Status VaeDecoder::Begin(at::Tensor latents) {
  if (options_.chunk < 0) {
    return absl::InvalidArgumentError(absl::StrCat("decode chunk is ", options_.chunk, " latents, must be 0 or more"));
  }
  if (latents.dim() != 5 || latents.size(0) != 1 || latents.size(1) != config_.z_dim || latents.numel() == 0) {
    return absl::InvalidArgumentError(absl::StrCat("latents are [", absl::StrJoin(latents.sizes(), ", "),
                                                   "], must be [1, ", config_.z_dim, ", frames, rows, columns]"));
  }
  latents_ = std::move(latents);
  next_latent_ = 0;
  cache_ = FeatureCache();
  return absl::OkStatus();
}

std::optional<at::Tensor> VaeDecoder::Next() {
  const int64_t total = latents_.defined() ? latents_.size(2) : 0;
  if (next_latent_ >= total) {
    latents_.reset();
    cache_ = FeatureCache();
    return std::nullopt;
  }
  if (next_latent_ == 0) return DecodeChunk(latents_.narrow(2, next_latent_++, 1), /*is_first=*/true);
  const int64_t chunk = options_.chunk == 0 ? total - 1 : options_.chunk;
  const int64_t count = std::min(chunk, total - next_latent_);
  at::Tensor part = latents_.narrow(2, next_latent_, count);
  next_latent_ += count;
  if (count < chunk) part = at::constant_pad_nd(part, {0, 0, 0, 0, 0, chunk - count});
  return DecodeChunk(part, /*is_first=*/false).narrow(2, 0, count * config_.temporal_factor());
}

at::Tensor VaeDecoder::DecodeChunk(const at::Tensor& latents, bool is_first) {
  cache_.Rewind();
  at::Tensor x = Conv3d(latents, weights_.post_quant.weight, weights_.post_quant.bias, {});
  x = VaeCausalConv(weights_.conv_in, x, cache_);
  x = VaeMid(weights_.mid, std::move(x), cache_);
  for (const VaeLevelWeights& level : weights_.levels) {
    for (const VaeResidualWeights& residual : level.residuals) x = VaeResidual(residual, std::move(x), cache_);
    for (const VaeResampleWeights& resample : level.resample) x = Upsample(resample, std::move(x), is_first, cache_);
  }
  return VaeHead(weights_.norm_out, weights_.conv_out, std::move(x), cache_);
}

}  // namespace wan

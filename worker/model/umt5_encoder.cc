#include "worker/model/umt5_encoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/log.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <utility>

#include "common/log.h"
#include "worker/model/umt5_block.h"
#include "worker/ops/norm.h"

namespace wan {

at::Tensor RelativePositionBucket(const at::Tensor& relative, int64_t num_buckets, int64_t max_distance) {
  const int64_t half = num_buckets / 2;
  const int64_t exact = half / 2;
  const at::Tensor distance = relative.abs();
  // The logarithm is in fp32 and truncated, as in the reference: a float64 one moves some borders.
  const at::Tensor large =
      ((at::log(distance.to(at::kFloat) / exact) / std::log(static_cast<double>(max_distance) / exact) * (half - exact))
           .to(at::kLong) +
       exact)
          .clamp_max(half - 1);
  return (relative > 0).to(at::kLong) * half + at::where(distance < exact, distance, large);
}

Umt5Encoder::Umt5Encoder(const Umt5Config& config, OuterWeights outer, std::unique_ptr<ParameterGatherer> blocks)
    : config_(config), outer_(std::move(outer)), blocks_(std::move(blocks)) {}

int64_t Umt5Encoder::weights_bytes() const {
  return blocks_->resident_bytes() + static_cast<int64_t>(outer_.embedding.nbytes() + outer_.final_norm.nbytes());
}

at::Tensor Umt5Encoder::Encode(std::span<const int64_t> ids, int64_t padded_length) {
  const auto n = static_cast<int64_t>(ids.size());
  WAN_CHECK(n >= 1 && n <= padded_length);
  const at::Device device = outer_.embedding.device();
  const at::Tensor tokens =
      at::from_blob(const_cast<int64_t*>(ids.data()), {n}, at::TensorOptions(at::kLong)).to(device, at::kLong);
  const at::Tensor positions = at::arange(n, at::TensorOptions(at::kLong));
  const at::Tensor buckets =
      RelativePositionBucket(positions.unsqueeze(0) - positions.unsqueeze(1), config_.num_buckets, config_.max_distance)
          .to(device);
  at::Tensor x = at::embedding(outer_.embedding, tokens);  // [n, width]
  for (int64_t i = 0; i < blocks_->num_blocks(); ++i) {
    x = Umt5Block(config_, BindUmt5Block(blocks_->Acquire(i)), x, buckets);
  }
  at::Tensor padded = at::zeros({1, padded_length, config_.width}, x.options());
  padded[0].narrow(0, 0, n).copy_(T5RmsNorm(x, outer_.final_norm, config_.eps));
  return padded;
}

}  // namespace wan

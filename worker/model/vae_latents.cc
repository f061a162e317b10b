#include "worker/model/vae_latents.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/tensor.h>

#include <vector>

namespace wan {

at::Tensor DenormalizeLatents(const VaeConfig& config, const at::Tensor& latents, at::ScalarType dtype) {
  const at::ScalarType compute = latents.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const auto per_channel = [&](const std::vector<double>& values) {
    return at::tensor(values).to(at::kFloat).to(latents.device(), compute).view({1, -1, 1, 1, 1});
  };
  const at::Tensor reciprocal = per_channel(config.latents_std).reciprocal();
  return (latents.to(compute) / reciprocal + per_channel(config.latents_mean)).to(dtype);
}

}  // namespace wan

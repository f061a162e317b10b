#include "worker/model/condition_embedder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/silu.h>

#include <cmath>

namespace wan {

at::Tensor TimestepSinusoid(double timestep, int64_t freq_dim, at::Device device) {
  const int64_t half = freq_dim / 2;
  // The reference works in fp32 from here on, and so the angles round as its do.
  const at::Tensor exponent = at::arange(half, at::TensorOptions(at::kFloat)) * -std::log(10000.0) / half;
  const at::Tensor angles = (at::exp(exponent) * static_cast<float>(timestep)).unsqueeze(0);
  return at::cat({angles.cos(), angles.sin()}, -1).to(device);
}

TimestepEmbedding EmbedTimestep(const ConditionEmbedderWeights& weights, double timestep) {
  const at::Tensor sinusoid =
      TimestepSinusoid(timestep, weights.time_in.weight.size(1), weights.time_in.weight.device());
  const at::Tensor hidden = at::silu(at::linear(sinusoid, weights.time_in.weight, weights.time_in.bias));
  const at::Tensor embedding =
      at::linear(hidden, weights.time_out.weight, weights.time_out.bias).to(weights.time_proj.weight.scalar_type());
  const at::Tensor projected =
      at::linear(at::silu(embedding), weights.time_proj.weight, weights.time_proj.bias).to(at::kFloat);
  return {embedding, projected.view({1, 6, -1})};
}

at::Tensor EmbedText(const ConditionEmbedderWeights& weights, const at::Tensor& prompt_embeds) {
  const at::Tensor hidden = at::gelu(
      at::linear(prompt_embeds.to(weights.text_in.weight.scalar_type()), weights.text_in.weight, weights.text_in.bias),
      "tanh");
  return at::linear(hidden, weights.text_out.weight, weights.text_out.bias);
}

}  // namespace wan

#include "worker/model/umt5_block.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <initializer_list>

#include "common/log.h"
#include "worker/ops/norm.h"

namespace wan {
namespace {

using Shape = std::initializer_list<int64_t>;

// In the one order that layout and binding share.
template <typename Visitor>
void VisitBlock(const Umt5Config& config, Umt5BlockWeights& weights, Visitor visit) {
  const int64_t inner = config.num_heads * config.head_dim;
  visit("layer.0.layer_norm.weight", weights.attention_norm, Shape{config.width});
  visit("layer.0.SelfAttention.q.weight", weights.q, Shape{inner, config.width});
  visit("layer.0.SelfAttention.k.weight", weights.k, Shape{inner, config.width});
  visit("layer.0.SelfAttention.v.weight", weights.v, Shape{inner, config.width});
  visit("layer.0.SelfAttention.o.weight", weights.o, Shape{config.width, inner});
  visit("layer.0.SelfAttention.relative_attention_bias.weight", weights.relative_bias,
        Shape{config.num_buckets, config.num_heads});
  visit("layer.1.layer_norm.weight", weights.ffn_norm, Shape{config.width});
  visit("layer.1.DenseReluDense.wi_0.weight", weights.ffn_gate, Shape{config.ffn_dim, config.width});
  visit("layer.1.DenseReluDense.wi_1.weight", weights.ffn_up, Shape{config.ffn_dim, config.width});
  visit("layer.1.DenseReluDense.wo.weight", weights.ffn_down, Shape{config.width, config.ffn_dim});
}

// No 1/√d; scores and bias in the model's dtype, the softmax in fp32.
at::Tensor SelfAttention(const Umt5Config& config, const Umt5BlockWeights& weights, const at::Tensor& x,
                         const at::Tensor& buckets) {
  const int64_t n = x.size(0);
  const auto heads = [&](const at::Tensor& weight) {
    return at::linear(x, weight).view({n, config.num_heads, config.head_dim}).transpose(0, 1);  // [heads, n, d]
  };
  at::Tensor scores = at::matmul(heads(weights.q), heads(weights.k).transpose(1, 2));  // [heads, n, n]
  scores = scores + at::embedding(weights.relative_bias, buckets).permute({2, 0, 1});
  const at::Tensor probabilities = at::softmax(scores, -1, at::kFloat).to(x.scalar_type());
  const at::Tensor attended = at::matmul(probabilities, heads(weights.v)).transpose(0, 1).reshape({n, -1});
  return at::linear(attended, weights.o);
}

}  // namespace

FlatLayout Umt5BlockLayout(const Umt5Config& config, at::ScalarType dtype) {
  FlatLayout layout;
  Umt5BlockWeights unused;
  VisitBlock(config, unused, [&](const char* name, at::Tensor&, Shape shape) { layout.Add(name, dtype, shape); });
  return layout;
}

Umt5BlockWeights BindUmt5Block(std::span<const at::Tensor> views) {
  Umt5BlockWeights weights;
  size_t next = 0;
  VisitBlock(Umt5Config{}, weights, [&](const char*, at::Tensor& member, Shape) { member = views[next++]; });
  WAN_CHECK(next == views.size());
  return weights;
}

at::Tensor Umt5Block(const Umt5Config& config, const Umt5BlockWeights& weights, const at::Tensor& x,
                     const at::Tensor& buckets) {
  const at::Tensor attended =
      x + SelfAttention(config, weights, T5RmsNorm(x, weights.attention_norm, config.eps), buckets);
  const at::Tensor normed = T5RmsNorm(attended, weights.ffn_norm, config.eps);
  const at::Tensor hidden = at::gelu(at::linear(normed, weights.ffn_gate), "tanh") * at::linear(normed, weights.ffn_up);
  return attended + at::linear(hidden, weights.ffn_down);
}

}  // namespace wan

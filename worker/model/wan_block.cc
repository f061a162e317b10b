#include "worker/model/wan_block.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>

#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "worker/ops/attention.h"
#include "worker/ops/modulation.h"
#include "worker/ops/norm.h"

namespace wan {
namespace {

using Shape = std::initializer_list<int64_t>;

// Calls visit(prefix, name, member, shape, stays_fp32) for every tensor of a block, in the one order that layout and
// binding share; the checkpoint's name is prefix + name. Binding runs at every block of every step: nothing is
// allocated.
template <typename Visitor>
void VisitBlock(const WanConfig& config, WanBlockWeights& weights, Visitor visit) {
  const int64_t width = config.width();
  const auto attention = [&](const char* prefix, AttentionWeights& member) {
    visit(prefix, "to_q.weight", member.to_q.weight, Shape{width, width}, false);
    visit(prefix, "to_q.bias", member.to_q.bias, Shape{width}, false);
    visit(prefix, "to_k.weight", member.to_k.weight, Shape{width, width}, false);
    visit(prefix, "to_k.bias", member.to_k.bias, Shape{width}, false);
    visit(prefix, "to_v.weight", member.to_v.weight, Shape{width, width}, false);
    visit(prefix, "to_v.bias", member.to_v.bias, Shape{width}, false);
    visit(prefix, "to_out.0.weight", member.to_out.weight, Shape{width, width}, false);
    visit(prefix, "to_out.0.bias", member.to_out.bias, Shape{width}, false);
    visit(prefix, "norm_q.weight", member.norm_q, Shape{width}, false);
    visit(prefix, "norm_k.weight", member.norm_k, Shape{width}, false);
  };
  visit("", "scale_shift_table", weights.scale_shift_table, Shape{1, 6, width}, true);
  attention("attn1.", weights.self_attention);
  attention("attn2.", weights.cross_attention);
  visit("norm2.", "weight", weights.norm2_weight, Shape{width}, true);
  visit("norm2.", "bias", weights.norm2_bias, Shape{width}, true);
  visit("ffn.net.0.", "proj.weight", weights.ffn_in.weight, Shape{config.ffn_dim, width}, false);
  visit("ffn.net.0.", "proj.bias", weights.ffn_in.bias, Shape{config.ffn_dim}, false);
  visit("ffn.net.2.", "weight", weights.ffn_out.weight, Shape{width, config.ffn_dim}, false);
  visit("ffn.net.2.", "bias", weights.ffn_out.bias, Shape{width}, false);
}

at::Tensor Linear(const at::Tensor& x, const LinearWeights& weights) {
  return at::linear(x, weights.weight, weights.bias);
}

at::Tensor SplitHeads(const WanConfig& config, const at::Tensor& x) {
  return x.view({x.size(0), x.size(1), config.num_heads, config.head_dim});
}

// Row `index` of the modulation as [B, 1, D] fp32: 0 shift, 1 scale, 2 gate of self-attention, 3 … 5 of the FFN.
at::Tensor ModulationRow(const WanBlockWeights& weights, const at::Tensor& modulation, int64_t index) {
  return weights.scale_shift_table.narrow(1, index, 1) + modulation.narrow(1, index, 1);
}

}  // namespace

FlatLayout WanBlockLayout(const WanConfig& config, at::ScalarType dtype) {
  FlatLayout layout;
  WanBlockWeights unused;
  VisitBlock(config, unused, [&](const char* prefix, const char* name, at::Tensor&, Shape shape, bool stays_fp32) {
    layout.Add(absl::StrCat(prefix, name), stays_fp32 ? at::kFloat : dtype, shape);
  });
  return layout;
}

WanBlockWeights BindWanBlock(std::span<const at::Tensor> views) {
  WanBlockWeights weights;
  size_t next = 0;
  VisitBlock(WanConfig{}, weights,
             [&](const char*, const char*, at::Tensor& member, Shape, bool) { member = views[next++]; });
  WAN_CHECK(next == views.size());
  return weights;
}

CrossAttentionKv MakeCrossAttentionKv(const WanConfig& config, const WanBlockWeights& weights,
                                      const at::Tensor& context) {
  const AttentionWeights& attention = weights.cross_attention;
  return {SplitHeads(config, RmsNorm(Linear(context, attention.to_k), attention.norm_k, config.eps)),
          SplitHeads(config, Linear(context, attention.to_v))};
}

at::Tensor WanBlockSelfAttention(const WanConfig& config, const WanBlockWeights& weights, const at::Tensor& x,
                                 const at::Tensor& modulation, const RopeTables& rope) {
  const AttentionWeights& attention = weights.self_attention;
  const at::Tensor shift = ModulationRow(weights, modulation, 0);
  const at::Tensor scale = ModulationRow(weights, modulation, 1);
  const at::Tensor gate = ModulationRow(weights, modulation, 2);
  const at::Tensor input = ModulatedNorm(x, shift, scale, config.eps);  // [B, L, D]
  const at::Tensor q = RmsNorm(Linear(input, attention.to_q), attention.norm_q, config.eps);
  const at::Tensor k = RmsNorm(Linear(input, attention.to_k), attention.norm_k, config.eps);
  const at::Tensor v = Linear(input, attention.to_v);
  const at::Tensor attended =
      Attention(ApplyRope(SplitHeads(config, q), rope), ApplyRope(SplitHeads(config, k), rope), SplitHeads(config, v));
  return GatedAdd(x, Linear(attended, attention.to_out), gate);
}

at::Tensor WanBlockCrossAttentionAndFfn(const WanConfig& config, const WanBlockWeights& weights, const at::Tensor& x,
                                        const at::Tensor& modulation, const CrossAttentionKv& prompt) {
  const AttentionWeights& attention = weights.cross_attention;
  const at::Tensor query_input =
      LayerNormF32(x, weights.norm2_weight, weights.norm2_bias, config.eps).to(x.scalar_type());
  const at::Tensor q = SplitHeads(config, RmsNorm(Linear(query_input, attention.to_q), attention.norm_q, config.eps));
  const at::Tensor attended = Linear(Attention(q, prompt.k, prompt.v), attention.to_out);
  const at::Tensor y = x + attended;  // no gate, no modulation

  const at::Tensor shift = ModulationRow(weights, modulation, 3);
  const at::Tensor scale = ModulationRow(weights, modulation, 4);
  const at::Tensor gate = ModulationRow(weights, modulation, 5);
  at::Tensor hidden = Linear(ModulatedNorm(y, shift, scale, config.eps), weights.ffn_in);  // [B, L, F]
  at::gelu_(hidden, "tanh");
  return GatedAdd(y, Linear(hidden, weights.ffn_out), gate);
}

}  // namespace wan

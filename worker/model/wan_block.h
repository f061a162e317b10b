#ifndef WAN_WORKER_MODEL_WAN_BLOCK_H_
#define WAN_WORKER_MODEL_WAN_BLOCK_H_

#include <ATen/core/Tensor.h>

#include <span>

#include "worker/model/wan_config.h"
#include "worker/ops/rope.h"
#include "worker/parallel/flat_layout.h"

namespace wan {

struct LinearWeights {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out]
};

struct AttentionWeights {
  LinearWeights to_q, to_k, to_v, to_out;  // [D, D]
  at::Tensor norm_q, norm_k;               // [D], over all heads together
};

// Views of one block's tensors.
struct WanBlockWeights {
  at::Tensor scale_shift_table;  // [1, 6, D] fp32
  AttentionWeights self_attention, cross_attention;
  at::Tensor norm2_weight, norm2_bias;  // [D] fp32, before cross-attention
  LinearWeights ffn_in, ffn_out;        // [F, D], [D, F]
};

// The block's tensors under their checkpoint names, in `dtype` but for those that stay fp32 (modulation, norm2).
FlatLayout WanBlockLayout(const WanConfig& config, at::ScalarType dtype);

// `views` in the order of WanBlockLayout.
WanBlockWeights BindWanBlock(std::span<const at::Tensor> views);

// Keys and values of the prompt for one block; they depend on the prompt alone, so a job computes them once.
struct CrossAttentionKv {
  at::Tensor k, v;  // [B, S, H, d]
};

// context: [B, S, D], the prompt after the text embedder.
CrossAttentionKv MakeCrossAttentionKv(const WanConfig& config, const WanBlockWeights& weights,
                                      const at::Tensor& context);

// The block in two halves, since the first does not depend on the prompt. x: [B, L, D]; modulation: [B, 6, D] fp32, the
// projected timestep. Reference: WanTransformerBlock of Diffusers.
at::Tensor WanBlockSelfAttention(const WanConfig& config, const WanBlockWeights& weights, const at::Tensor& x,
                                 const at::Tensor& modulation, const RopeTables& rope);
at::Tensor WanBlockCrossAttentionAndFfn(const WanConfig& config, const WanBlockWeights& weights, const at::Tensor& x,
                                        const at::Tensor& modulation, const CrossAttentionKv& prompt);

}  // namespace wan

#endif  // WAN_WORKER_MODEL_WAN_BLOCK_H_

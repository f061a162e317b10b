#ifndef WAN_WORKER_MODEL_UMT5_BLOCK_H_
#define WAN_WORKER_MODEL_UMT5_BLOCK_H_

#include <ATen/core/Tensor.h>

#include <span>

#include "worker/model/umt5_encoder.h"
#include "worker/parallel/flat_layout.h"

namespace wan {

// Views of one block's tensors. No linear has a bias.
struct Umt5BlockWeights {
  at::Tensor attention_norm;    // [width]
  at::Tensor q, k, v;           // [heads·d_kv, width]
  at::Tensor o;                 // [width, heads·d_kv]
  at::Tensor relative_bias;     // [num_buckets, heads]; every block has its own
  at::Tensor ffn_norm;          // [width]
  at::Tensor ffn_gate, ffn_up;  // wi_0 (activated), wi_1: [ffn_dim, width]
  at::Tensor ffn_down;          // wo: [width, ffn_dim]
};

FlatLayout Umt5BlockLayout(const Umt5Config& config, at::ScalarType dtype);
Umt5BlockWeights BindUmt5Block(std::span<const at::Tensor> views);

// x: [n, width]; buckets: [n, n] int64, of key − query. Returns [n, width].
at::Tensor Umt5Block(const Umt5Config& config, const Umt5BlockWeights& weights, const at::Tensor& x,
                     const at::Tensor& buckets);

}  // namespace wan

#endif  // WAN_WORKER_MODEL_UMT5_BLOCK_H_

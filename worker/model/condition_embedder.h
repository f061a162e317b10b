#ifndef WAN_WORKER_MODEL_CONDITION_EMBEDDER_H_
#define WAN_WORKER_MODEL_CONDITION_EMBEDDER_H_

#include <ATen/core/Tensor.h>

#include "worker/model/wan_block.h"

namespace wan {

// Timestep and prompt embedders; small, so every rank holds them whole.
struct ConditionEmbedderWeights {
  LinearWeights time_in, time_out;  // fp32: freq_dim → D → D
  LinearWeights time_proj;          // D → 6 D
  LinearWeights text_in, text_out;  // text_dim → D → D
};

// Sinusoid of a timestep (0 … 1000): [cos(t·f) | sin(t·f)], f_i = 10000^(−i/half), fp32. Returns [1, freq_dim].
at::Tensor TimestepSinusoid(double timestep, int64_t freq_dim, at::Device device);

struct TimestepEmbedding {
  at::Tensor embedding;   // [1, D] in the model's dtype
  at::Tensor modulation;  // [1, 6, D] fp32, projected
};

// The time MLP runs in fp32, its result is rounded to the model's dtype before the projection, as in Diffusers.
TimestepEmbedding EmbedTimestep(const ConditionEmbedderWeights& weights, double timestep);

// prompt_embeds: [B, S, text_dim] → [B, S, D]
at::Tensor EmbedText(const ConditionEmbedderWeights& weights, const at::Tensor& prompt_embeds);

}  // namespace wan

#endif  // WAN_WORKER_MODEL_CONDITION_EMBEDDER_H_

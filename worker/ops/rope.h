#ifndef WAN_WORKER_OPS_ROPE_H_
#define WAN_WORKER_OPS_ROPE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace wan {

// Rotary embedding over three axes (frame, row, column of patches). Of the head's channels the last two axes take
// 2·⌊d/6⌋ each and time the rest; each axis has its own denominator, freq_j = θ^(−2j/d_axis), θ = 10000. Angles,
// cosines and sines are computed in float64 and stored in fp32. Reference: WanRotaryPosEmbed of Diffusers.
struct RopeTables {
  at::Tensor cos;  // [L, 1, d/2] fp32, tokens in order of frame, row, column
  at::Tensor sin;  // [L, 1, d/2] fp32
};

// frames, rows, columns: counts of patches. Precondition: head_dim is even.
RopeTables MakeRopeTables(int64_t frames, int64_t rows, int64_t columns, int64_t head_dim, at::Device device);

// Rotates adjacent pairs of channels, (x0, x1) → (x0·cos − x1·sin, x0·sin + x1·cos), in fp32 and rounds once.
// x: [B, L, H, d]; returns the same shape and dtype.
at::Tensor ApplyRope(const at::Tensor& x, const RopeTables& tables);

}  // namespace wan

#endif  // WAN_WORKER_OPS_ROPE_H_

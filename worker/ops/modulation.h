#ifndef WAN_WORKER_OPS_MODULATION_H_
#define WAN_WORKER_OPS_MODULATION_H_

#include <ATen/core/Tensor.h>

namespace wan {

// LayerNorm(x)·(1 + scale) + shift in fp32, rounded once to x's dtype. x: [B, L, D]; shift, scale: [B, 1, D] fp32.
at::Tensor ModulatedNorm(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale, double eps);

// x + y·gate in fp32, rounded once to x's dtype. x, y: [B, L, D]; gate: [B, 1, D] fp32.
at::Tensor GatedAdd(const at::Tensor& x, const at::Tensor& y, const at::Tensor& gate);

}  // namespace wan

#endif  // WAN_WORKER_OPS_MODULATION_H_

#include "worker/ops/modulation.h"

#include <ATen/TensorOperators.h>

#include "worker/ops/norm.h"

namespace wan {

at::Tensor ModulatedNorm(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale, double eps) {
  // The normalised copy is ours: working in place keeps one activation instead of three.
  return LayerNormF32(x, {}, {}, eps).mul_(scale + 1).add_(shift).to(x.scalar_type());
}

at::Tensor GatedAdd(const at::Tensor& x, const at::Tensor& y, const at::Tensor& gate) {
  return (y.to(at::kFloat) * gate).add_(x.to(at::kFloat)).to(x.scalar_type());
}

}  // namespace wan

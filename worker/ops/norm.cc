#include "worker/ops/norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/rms_norm.h>
#include <ATen/ops/rsqrt.h>

namespace wan {

at::Tensor LayerNormF32(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  return at::layer_norm(x.to(at::kFloat), {x.size(-1)}, weight, bias, eps);
}

at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  return at::rms_norm(x, {x.size(-1)}, weight, eps);
}

at::Tensor T5RmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  const at::Tensor full = x.to(at::kFloat);
  const at::Tensor variance = full.pow(2).mean(-1, /*keepdim=*/true);
  return weight * (full * at::rsqrt(variance + eps)).to(weight.scalar_type());
}

}  // namespace wan

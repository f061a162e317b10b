#ifndef WAN_WORKER_OPS_NORM_H_
#define WAN_WORKER_OPS_NORM_H_

#include <ATen/core/Tensor.h>

namespace wan {

// Layer normalisation over the last dimension with statistics and result in fp32, whatever x's dtype; weight and bias
// are fp32 [D] or undefined. Reference: FP32LayerNorm of Diffusers, without its cast back.
at::Tensor LayerNormF32(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps);

// RMS normalisation over the last dimension, computed in fp32 and rounded once to x's dtype; weight [D] in x's dtype.
// Reference: torch.nn.RMSNorm.
at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps);

// The T5 form: normalised in fp32, rounded to the weight's dtype, then multiplied by the weight in that dtype, so two
// roundings in bf16. Reference: UMT5LayerNorm of transformers.
at::Tensor T5RmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps);

}  // namespace wan

#endif  // WAN_WORKER_OPS_NORM_H_

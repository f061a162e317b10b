#ifndef WAN_WORKER_OPS_CHANNEL_NORM_H_
#define WAN_WORKER_OPS_CHANNEL_NORM_H_

#include <ATen/core/Tensor.h>

namespace wan {

// RMS normalisation over the channels of x [B, C, …]: x / max(‖x‖₂, 1e-12) · √C · gamma, gamma [C]. In half precision
// the quotient is computed in fp32 and rounded before the products. Reference: WanRMS_norm of Diffusers.
at::Tensor ChannelNorm(const at::Tensor& x, const at::Tensor& gamma);

}  // namespace wan

#endif  // WAN_WORKER_OPS_CHANNEL_NORM_H_

#ifndef WAN_WORKER_OPS_ATTENTION_H_
#define WAN_WORKER_OPS_ATTENTION_H_

#include <ATen/core/Tensor.h>

#include "absl/strings/string_view.h"

namespace wan {

// Softmax attention without mask, scale 1/√d. q: [B, L, H, d]; k, v: [B, S, H, d]; returns [B, L, H·d] in q's dtype.
at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

// Which backend of scaled_dot_product_attention runs for these tensors: "math", "flash", "efficient", "cudnn",
// "overrideable".
absl::string_view AttentionBackend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

}  // namespace wan

#endif  // WAN_WORKER_OPS_ATTENTION_H_

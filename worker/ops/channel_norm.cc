#include "worker/ops/channel_norm.h"

#include <ATen/ops/linalg_vector_norm.h>

#include <cmath>
#include <vector>

namespace wan {

at::Tensor ChannelNorm(const at::Tensor& x, const at::Tensor& gamma) {
  const at::Tensor full = x.to(at::kFloat);
  const at::Tensor norm = at::linalg_vector_norm(full, 2, at::IntArrayRef{1}, /*keepdim=*/true).clamp_min_(1e-12);
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[1] = x.size(1);
  return full.div(norm)
      .to(x.scalar_type())
      .mul_(std::sqrt(static_cast<double>(x.size(1))))
      .mul_(gamma.to(x.scalar_type()).view(shape));
}

}  // namespace wan

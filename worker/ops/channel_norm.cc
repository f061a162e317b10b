#include "worker/ops/channel_norm.h"

#include <ATen/ops/linalg_vector_norm.h>

#include <cmath>
#include <vector>

namespace wan {

at::Tensor ChannelNorm(const at::Tensor& x, const at::Tensor& gamma) {
  at::Tensor full = x.to(at::kFloat);
  const at::Tensor norm = at::linalg_vector_norm(full, 2, at::IntArrayRef{1}, /*keepdim=*/true).clamp_min_(1e-12);
  // `full` is x itself when that is fp32, else a copy of twice its size that is not worth a third.
  full = full.is_same(x) ? full.div(norm) : full.div_(norm).to(x.scalar_type());
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[1] = x.size(1);
  // Two products, as in the reference: one by gamma·√C would round otherwise.
  return full.mul_(std::sqrt(static_cast<double>(x.size(1)))).mul_(gamma.to(x.scalar_type()).view(shape));
}

}  // namespace wan

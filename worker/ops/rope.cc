#include "worker/ops/rope.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/reciprocal.h>

namespace wan {
namespace {

constexpr double kTheta = 10000.0;

// [positions, dim/2] float64
at::Tensor AxisAngles(int64_t positions, int64_t dim) {
  const auto f64 = at::TensorOptions(at::kDouble);
  const at::Tensor frequencies = at::reciprocal(at::pow(kTheta, at::arange(0, dim, 2, f64) / static_cast<double>(dim)));
  return at::outer(at::arange(positions, f64), frequencies);
}

}  // namespace

RopeTables MakeRopeTables(int64_t frames, int64_t rows, int64_t columns, int64_t head_dim, at::Device device) {
  const int64_t side_dim = 2 * (head_dim / 6);
  const int64_t time_dim = head_dim - 2 * side_dim;
  const auto expand = [&](const at::Tensor& angles, int64_t axis) {
    std::vector<int64_t> shape = {1, 1, 1, angles.size(1)};
    shape[static_cast<size_t>(axis)] = angles.size(0);
    return angles.view(shape).expand({frames, rows, columns, angles.size(1)});
  };
  const at::Tensor angles = at::cat({expand(AxisAngles(frames, time_dim), 0), expand(AxisAngles(rows, side_dim), 1),
                                     expand(AxisAngles(columns, side_dim), 2)},
                                    -1)
                                .reshape({frames * rows * columns, 1, head_dim / 2});
  return {angles.cos().to(at::kFloat).to(device), angles.sin().to(at::kFloat).to(device)};
}

at::Tensor ApplyRope(const at::Tensor& x, const RopeTables& tables) {
  const at::Tensor pairs = x.to(at::kFloat).view({x.size(0), x.size(1), x.size(2), x.size(3) / 2, 2});
  const at::Tensor even = pairs.select(-1, 0);  // [B, L, H, d/2]
  const at::Tensor odd = pairs.select(-1, 1);
  at::Tensor rotated = at::empty_like(pairs);
  rotated.select(-1, 0).copy_(even * tables.cos - odd * tables.sin);
  rotated.select(-1, 1).copy_(even * tables.sin + odd * tables.cos);
  return rotated.view(x.sizes()).to(x.scalar_type());
}

}  // namespace wan

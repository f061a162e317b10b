#include "worker/ops/causal_conv3d.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/mkldnn_convolution.h>
#include <ATen/ops/zeros.h>

#include <vector>

namespace wan {

at::Tensor Conv3d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const ConvGeometry& geometry) {
  const at::Tensor kernel = weight.to(x.scalar_type());
  const at::Tensor offset = bias.to(x.scalar_type());
  constexpr std::array<int64_t, 3> kDilation = {1, 1, 1};
  if (x.is_cpu() && x.scalar_type() == at::kFloat) {
    return at::mkldnn_convolution(x.contiguous(at::MemoryFormat::ChannelsLast3d), kernel, offset, geometry.padding,
                                  geometry.stride, kDilation, /*groups=*/1);
  }
  return at::conv3d(x, kernel, offset, geometry.stride, geometry.padding, kDilation, /*groups=*/1);
}

at::Tensor CausalConv3d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::Tensor& context) {
  const int64_t history = weight.size(2) - 1;
  const ConvGeometry geometry = {.padding = {0, weight.size(3) / 2, weight.size(4) / 2}};
  if (history == 0) return Conv3d(x, weight, bias, geometry);
  if (!context.defined()) {
    std::vector<int64_t> shape = x.sizes().vec();
    shape[2] = history;
    context = at::zeros(shape, x.options());
  }
  const at::Tensor input = at::cat({context, x}, 2).contiguous(at::MemoryFormat::ChannelsLast3d);
  context = input.narrow(2, input.size(2) - history, history).clone();
  return Conv3d(input, weight, bias, geometry);
}

}  // namespace wan

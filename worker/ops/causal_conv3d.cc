#include "worker/ops/causal_conv3d.h"

#include <ATen/ops/conv3d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mkldnn_convolution.h>

#include <utility>
#include <vector>

namespace wan {
namespace {

constexpr at::MemoryFormat kChannelsLast = at::MemoryFormat::ChannelsLast3d;

// The frames that the kernel sees: context, then x, written once into the layout of the convolution.
at::Tensor MakeWindow(const at::Tensor& context, const at::Tensor& x, int64_t history) {
  std::vector<int64_t> shape = x.sizes().vec();
  shape[2] += history;
  at::Tensor window = at::empty(shape, x.options(), kChannelsLast);
  at::Tensor before = window.narrow(2, 0, history);
  if (context.defined()) {
    before.copy_(context);
  } else {
    before.zero_();
  }
  window.narrow(2, history, x.size(2)).copy_(x);
  return window;
}

}  // namespace

at::Tensor Conv3d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const ConvGeometry& geometry) {
  constexpr std::array<int64_t, 3> kDilation = {1, 1, 1};
  const at::Tensor input = x.contiguous(kChannelsLast);
  const at::Tensor kernel = weight.to(x.scalar_type()).contiguous(kChannelsLast);
  const at::Tensor offset = bias.to(x.scalar_type());
  if (x.is_cpu() && x.scalar_type() == at::kFloat) {
    return at::mkldnn_convolution(input, kernel, offset, geometry.padding, geometry.stride, kDilation, /*groups=*/1);
  }
  return at::conv3d(input, kernel, offset, geometry.stride, geometry.padding, kDilation, /*groups=*/1)
      .contiguous(kChannelsLast);
}

at::Tensor CausalConv3d(at::Tensor x, const at::Tensor& weight, const at::Tensor& bias, int64_t time_stride,
                        at::Tensor& context) {
  const int64_t history = weight.size(2) - time_stride;
  const ConvGeometry geometry = {.padding = {0, weight.size(3) / 2, weight.size(4) / 2}, .stride = {time_stride, 1, 1}};
  if (history == 0) return Conv3d(x, weight, bias, geometry);
  const at::Tensor window = MakeWindow(context, x, history);
  x.reset();
  context = window.narrow(2, window.size(2) - history, history).clone();
  return Conv3d(window, weight, bias, geometry);
}

}  // namespace wan

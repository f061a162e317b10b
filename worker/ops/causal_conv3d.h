#ifndef WAN_WORKER_OPS_CAUSAL_CONV3D_H_
#define WAN_WORKER_OPS_CAUSAL_CONV3D_H_

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

namespace wan {

// Padding and stride per axis (time, rows, columns).
struct ConvGeometry {
  std::array<int64_t, 3> padding = {0, 0, 0};
  std::array<int64_t, 3> stride = {1, 1, 1};
};

// The one convolution of the VAE: x [1, C, t, h, w], weight [out, C, kt, kh, kw] and bias [out] in any dtype (they are
// cast to x's). Runs and returns channels-last-3d. On a CPU in fp32 it goes to oneDNN at every size, since ATen leaves
// it for a path 9 to 25 times slower at small ones, and since one path for all shapes gives a split over rows the bits
// of the whole.
at::Tensor Conv3d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const ConvGeometry& geometry);

// A convolution that is causal in time over a stream of chunks, with the kernel's spatial padding. `context` holds the
// kt − time_stride frames before x and becomes the last ones of both: a copy, since a view would keep the chunk alive.
// An undefined context is zeros, the beginning of the stream; a kernel without history leaves it alone. x is taken by
// value so that a caller who moves it in frees it before the output is made. Returns [1, out, t / time_stride, h, w].
at::Tensor CausalConv3d(at::Tensor x, const at::Tensor& weight, const at::Tensor& bias, int64_t time_stride,
                        at::Tensor& context);

}  // namespace wan

#endif  // WAN_WORKER_OPS_CAUSAL_CONV3D_H_

// One thread makes one pixel: it reads the three planes where the threads of a warp read neighbours, and writes three
// neighbouring bytes. The arithmetic is the reference's: halving is exact, so only the sum and the product round, and a
// fused multiply-add of the first two gives the same value as both apart.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>

#include "worker/ops/cuda/quantize_frames.h"

namespace wan {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kMaxBlocks = 65535;

__device__ float ToFloat(float value) { return value; }
__device__ float ToFloat(__nv_bfloat16 value) { return __bfloat162float(value); }
__device__ float ToFloat(__half value) { return __half2float(value); }

template <typename T>
__global__ void QuantizeFramesKernel(const T* __restrict__ video, QuantizeShape shape, int64_t num_pixels,
                                     uint8_t* __restrict__ frames) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t pixel = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; pixel < num_pixels; pixel += step) {
    int64_t rest = pixel;
    const int64_t x = rest % shape.width;
    rest /= shape.width;
    const int64_t y = rest % shape.height;
    rest /= shape.height;
    const int64_t t = rest % shape.frames;
    const int64_t b = rest / shape.frames;
    const T* source = video + b * shape.strides[0] + t * shape.strides[2] + y * shape.strides[3] + x * shape.strides[4];
    for (int channel = 0; channel < 3; ++channel) {
      const float value = fminf(fmaxf(ToFloat(source[channel * shape.strides[1]]), -1.0f), 1.0f);
      frames[pixel * 3 + channel] = static_cast<uint8_t>(__float2uint_rz((value / 2 + 0.5f) * 255.0f));
    }
  }
}

template <typename T>
cudaError_t Launch(const void* video, const QuantizeShape& shape, uint8_t* frames, cudaStream_t stream) {
  const int64_t num_pixels = shape.batch * shape.frames * shape.height * shape.width;
  if (num_pixels == 0) return cudaSuccess;
  const int64_t blocks = std::min(kMaxBlocks, (num_pixels + kThreads - 1) / kThreads);
  QuantizeFramesKernel<T>
      <<<static_cast<unsigned>(blocks), kThreads, 0, stream>>>(static_cast<const T*>(video), shape, num_pixels, frames);
  return cudaGetLastError();
}

}  // namespace

cudaError_t LaunchQuantizeFrames(const void* video, QuantizeInput input, const QuantizeShape& shape, uint8_t* frames,
                                 cudaStream_t stream) {
  switch (input) {
    case QuantizeInput::kFloat32:
      return Launch<float>(video, shape, frames, stream);
    case QuantizeInput::kBFloat16:
      return Launch<__nv_bfloat16>(video, shape, frames, stream);
    case QuantizeInput::kFloat16:
      return Launch<__half>(video, shape, frames, stream);
  }
  return cudaErrorInvalidValue;
}

}  // namespace wan

// The CUDA side of worker/ops/quantize_frames without ATen, which would take ten times as long to compile.
#ifndef WAN_WORKER_OPS_CUDA_QUANTIZE_FRAMES_H_
#define WAN_WORKER_OPS_CUDA_QUANTIZE_FRAMES_H_

#include <cuda_runtime_api.h>

#include <cstdint>

namespace wan {

enum class QuantizeInput { kFloat32, kBFloat16, kFloat16 };

struct QuantizeShape {
  int64_t batch;
  int64_t frames;
  int64_t height;
  int64_t width;
  int64_t strides[5];  // in elements, of [B, 3, t, h, w]
};

// video: device memory of `shape` and `input`; frames: device memory, [B, t, h, w, 3], contiguous. Returns the
// launch's error; the kernel's own come with the stream. Nothing is launched for an empty shape.
cudaError_t LaunchQuantizeFrames(const void* video, QuantizeInput input, const QuantizeShape& shape, uint8_t* frames,
                                 cudaStream_t stream);

}  // namespace wan

#endif  // WAN_WORKER_OPS_CUDA_QUANTIZE_FRAMES_H_

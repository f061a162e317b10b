#ifndef WAN_WORKER_OPS_QUANTIZE_FRAMES_H_
#define WAN_WORKER_OPS_QUANTIZE_FRAMES_H_

#include <ATen/core/Tensor.h>

namespace wan {

// Decoded video → 8-bit RGB on the same device: trunc((clamp(v, -1, 1) / 2 + 0.5) * 255) in float32.
// video: [3, t, h, w] → [t, h, w, 3] uint8, or [B, 3, t, h, w] → [B, t, h, w, 3]; f32, bf16 or f16, any strides,
// finite (what NaN becomes is not defined). The result is contiguous.
// Current stream. Source: Diffusers VideoProcessor.postprocess_video and export_to_video, which truncate; its PIL path
// rounds instead.
at::Tensor QuantizeFrames(const at::Tensor& video);

// The same in plain ATen: what runs on a CPU, and what the CUDA kernel is compared with.
at::Tensor QuantizeFramesReference(const at::Tensor& video);

}  // namespace wan

#endif  // WAN_WORKER_OPS_QUANTIZE_FRAMES_H_

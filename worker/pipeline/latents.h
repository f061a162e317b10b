#ifndef WAN_WORKER_PIPELINE_LATENTS_H_
#define WAN_WORKER_PIPELINE_LATENTS_H_

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

namespace wan {

// How pixels and frames map to latents.
struct LatentGeometry {
  int64_t channels = 16;
  int64_t spatial_factor = 8;
  int64_t temporal_factor = 4;

  // [B, C, T, H, W] of a video; T = (frames − 1) / 4 + 1.
  std::array<int64_t, 5> Shape(int64_t batch, int64_t num_frames, int64_t height, int64_t width) const;
};

// The noise that torch.randn with torch.Generator("cpu").manual_seed(seed) gives for `shape`, fp32, drawn on the CPU
// whatever the device. torch seeds with the low 32 bits only.
at::Tensor MakeNoise(at::IntArrayRef shape, int64_t seed);

}  // namespace wan

#endif  // WAN_WORKER_PIPELINE_LATENTS_H_

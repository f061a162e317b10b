#ifndef WAN_WORKER_PIPELINE_DECODE_VIDEO_H_
#define WAN_WORKER_PIPELINE_DECODE_VIDEO_H_

#include <ATen/core/Tensor.h>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "worker/pipeline/wan_models.h"

namespace wan {

// One decoded chunk: `video` [1, 3, t, h, w] in [−1, 1] and `frames` [t, h, w, 3] uint8, both on the device; `done` of
// `total` frames are decoded with it.
struct DecodedChunk {
  at::Tensor video;
  at::Tensor frames;
  int64_t done = 0;
  int64_t total = 0;
};

// The VAE's input for the scheduler's latents: latents·std + mean, in the VAE's dtype. [1, C, T, H, W].
at::Tensor DenormalizeLatents(const WanModels& models, const at::Tensor& latents);

// Decodes denormalised latents [1, C, T, H, W] chunk by chunk, so that memory is that of a chunk. Stops at the first
// error of `accept`. Pixels that are not finite are DATA_LOSS / NON_FINITE with phase "decoding" and the chunk (from
// 1).
absl::Status DecodeVideo(const WanModels& models, const at::Tensor& denormalized,
                         absl::FunctionRef<absl::Status(const DecodedChunk&)> accept);

}  // namespace wan

#endif  // WAN_WORKER_PIPELINE_DECODE_VIDEO_H_

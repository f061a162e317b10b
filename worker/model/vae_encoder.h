#ifndef WAN_WORKER_MODEL_VAE_ENCODER_H_
#define WAN_WORKER_MODEL_VAE_ENCODER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "worker/model/feature_cache.h"
#include "worker/model/vae_config.h"
#include "worker/model/vae_weights.h"

namespace wan {

// Encodes pixels to the moments of their latents as a stream of chunks: the first frame alone, then `chunk` frames at a
// time. Compute thread. Reference: WanEncoder3d of Diffusers.
class VaeEncoder {
 public:
  struct Options {
    int64_t chunk = 4;  // frames, a multiple of the temporal factor; 0: all that follow the first
  };

  // `config` and `weights` must outlive the encoder.
  VaeEncoder(const VaeConfig& config, const VaeWeights& weights, Options options)
      : config_(config), weights_(weights.encoder), options_(options) {}

  // video: [B, 3, 1 + 4k, H, W] in [−1, 1], H and W multiples of the spatial factor; its dtype is the one computed in.
  // Returns [B, 2z, 1 + k, H/8, W/8]: means, then log-variances. INVALID_ARGUMENT for other shapes.
  absl::StatusOr<at::Tensor> EncodeMoments(const at::Tensor& video);

 private:
  at::Tensor EncodeOne(const at::Tensor& video);
  at::Tensor EncodeChunk(const at::Tensor& frames, bool is_first, FeatureCache& cache);

  const VaeConfig& config_;
  const VaeEncoderWeights& weights_;
  const Options options_;
};

}  // namespace wan

#endif  // WAN_WORKER_MODEL_VAE_ENCODER_H_

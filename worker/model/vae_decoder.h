#ifndef WAN_WORKER_MODEL_VAE_DECODER_H_
#define WAN_WORKER_MODEL_VAE_DECODER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "worker/model/feature_cache.h"
#include "worker/model/vae_config.h"
#include "worker/model/vae_weights.h"

namespace wan {

// Decodes latents as a stream of chunks: the first latent alone (one frame), then `chunk` latents at a time (four
// frames each in Wan 2.1), the last chunk padded to the same length and trimmed, so that shapes stay the same and
// memory is that of a chunk whatever the clip's length. Any chunk gives the same frames up to rounding: every layer is
// causal. Compute thread. Reference: WanDecoder3d of Diffusers.
class VaeDecoder {
 public:
  struct Options {
    int64_t chunk = 4;  // latents; 0: all that follow the first
  };

  // `config` and `weights` must outlive the decoder.
  VaeDecoder(const VaeConfig& config, const VaeWeights& weights, Options options)
      : config_(config), weights_(weights.decoder), options_(options) {}

  // Starts a stream of denormalised latents [1, z, T, h, w]; their dtype is the one computed in. INVALID_ARGUMENT for
  // another shape.
  absl::Status Begin(at::Tensor latents);

  // The next frames, [1, 3, t, 8h, 8w], nullopt after the last. Not clamped: what is not finite still shows.
  std::optional<at::Tensor> Next();

 private:
  at::Tensor DecodeChunk(const at::Tensor& latents, bool is_first);

  const VaeConfig& config_;
  const VaeDecoderWeights& weights_;
  const Options options_;
  at::Tensor latents_;
  int64_t next_latent_ = 0;
  FeatureCache cache_;
};

}  // namespace wan

#endif  // WAN_WORKER_MODEL_VAE_DECODER_H_

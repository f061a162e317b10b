#ifndef WAN_TESTS_WORKER_MODEL_VAE_CHECKPOINT_H_
#define WAN_TESTS_WORKER_MODEL_VAE_CHECKPOINT_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/testing/files.h"
#include "worker/model/vae_config.h"
#include "worker/model/vae_decoder.h"
#include "worker/model/vae_weights.h"

namespace wan {

// A tiny VAE of any configuration with random weights of a size that keeps activations near 1, seeded.
class VaeCheckpoint {
 public:
  explicit VaeCheckpoint(const VaeConfig& config);

  const VaeConfig& config() const { return config_; }
  std::string folder() const { return folder_.path(); }
  std::string weights_path() const { return folder_.File("diffusion_pytorch_model.safetensors"); }
  LoadedVae Load(at::ScalarType dtype = at::kFloat) const;

 private:
  const VaeConfig config_;
  const TemporaryFolder folder_;
};

// Wan 2.1 with levels of 8 to 32 channels and 4 latent channels.
VaeConfig TinyVaeConfig();

// [1, z, frames, rows, columns], seeded.
at::Tensor RandomLatents(const VaeConfig& config, int64_t frames, int64_t rows, int64_t columns);

// All chunks of one stream. Fails the test when it cannot begin.
std::vector<at::Tensor> DecodeChunks(VaeDecoder& decoder, const at::Tensor& latents);

}  // namespace wan

#endif  // WAN_TESTS_WORKER_MODEL_VAE_CHECKPOINT_H_

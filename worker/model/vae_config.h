#ifndef WAN_WORKER_MODEL_VAE_CONFIG_H_
#define WAN_WORKER_MODEL_VAE_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace wan {

// vae/config.json of an AutoencoderKLWan of Wan 2.1; defaults are those of the Diffusers class.
struct VaeConfig {
  int64_t base_dim = 96;
  int64_t decoder_base_dim = 96;
  int64_t z_dim = 16;
  std::vector<int64_t> dim_mult = {1, 2, 4, 4};
  int64_t num_res_blocks = 2;  // a level of the encoder; the decoder has one more
  std::vector<bool> temporal_downsample = {false, true, true};
  std::vector<double> latents_mean, latents_std;  // [z_dim]

  int64_t num_levels() const { return static_cast<int64_t>(dim_mult.size()); }
  int64_t spatial_factor() const { return int64_t{1} << (num_levels() - 1); }
  int64_t temporal_factor() const;
};

// FAILED_PRECONDITION or DATA_LOSS that lists every fault with file, key and value, among them features of Wan VAEs
// that this build does not run.
absl::StatusOr<VaeConfig> LoadVaeConfig(const std::string& path);

}  // namespace wan

#endif  // WAN_WORKER_MODEL_VAE_CONFIG_H_

#ifndef WAN_WORKER_MODEL_WAN_CONFIG_H_
#define WAN_WORKER_MODEL_WAN_CONFIG_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace wan {

// transformer/config.json of a WanTransformer3DModel; defaults are those of the Diffusers class (the 14B T2V shape).
struct WanConfig {
  std::array<int64_t, 3> patch_size = {1, 2, 2};  // frames, rows, columns of latents
  int64_t num_heads = 40;
  int64_t head_dim = 128;
  int64_t in_channels = 16;
  int64_t out_channels = 16;
  int64_t text_dim = 4096;
  int64_t freq_dim = 256;
  int64_t ffn_dim = 13824;
  int64_t num_layers = 40;
  double eps = 1e-6;
  int64_t rope_max_seq_len = 1024;

  int64_t width() const { return num_heads * head_dim; }                                    // D
  int64_t patch_elements() const { return patch_size[0] * patch_size[1] * patch_size[2]; }  // latents a patch
};

// FAILED_PRECONDITION or DATA_LOSS that lists every fault with file, key and value, among them features of a Wan
// transformer that this build does not run.
absl::StatusOr<WanConfig> LoadWanConfig(const std::string& path);

}  // namespace wan

#endif  // WAN_WORKER_MODEL_WAN_CONFIG_H_

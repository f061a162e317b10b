#include "worker/model/vae_config.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/checkpoint/json_file.h"

namespace wan {
namespace {

// Statistics of the published Wan 2.1 latents, the defaults of the class.
const std::vector<double> kWan21Mean = {-0.7571, -0.7089, -0.9113, 0.1075,  -0.1745, 0.9653,  -0.1517, 1.5508,
                                        0.4134,  -0.0715, 0.5517,  -0.3632, -0.1922, -0.9497, 0.2503,  -0.2921};
const std::vector<double> kWan21Std = {2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743,
                                       3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160};

}  // namespace

int64_t VaeConfig::temporal_factor() const {
  return int64_t{1} << std::count(temporal_downsample.begin(), temporal_downsample.end(), true);
}

absl::StatusOr<VaeConfig> LoadVaeConfig(const std::string& path) {
  WAN_ASSIGN_OR_RETURN(const nlohmann::json json, ReadJsonFile(path));
  JsonConfig file(json, path);
  VaeConfig config;
  constexpr int64_t kMax = 1 << 16;
  if (file.String("_class_name", "AutoencoderKLWan") != "AutoencoderKLWan") {
    file.Fault("_class_name", "must be AutoencoderKLWan");
  }
  config.base_dim = file.Int("base_dim", config.base_dim, 2, kMax);
  config.decoder_base_dim = file.Int("decoder_base_dim", config.base_dim, 2, kMax);  // halved by each upsampler
  config.z_dim = file.Int("z_dim", config.z_dim, 1, kMax);
  config.dim_mult = file.Ints("dim_mult", config.dim_mult);
  config.num_res_blocks = file.Int("num_res_blocks", config.num_res_blocks, 1, 100);
  config.temporal_downsample = file.Bools("temperal_downsample", config.temporal_downsample);  // spelt so in the files
  config.latents_mean = file.Doubles("latents_mean", kWan21Mean);
  config.latents_std = file.Doubles("latents_std", kWan21Std);
  if (config.dim_mult.empty() || config.dim_mult.size() > 8 ||
      std::any_of(config.dim_mult.begin(), config.dim_mult.end(), [](int64_t m) { return m < 1 || m > 1024; })) {
    file.Fault("dim_mult", "must be 1 to 8 whole numbers from 1 to 1024");
  } else if (config.temporal_downsample.size() + 1 != config.dim_mult.size()) {
    file.Fault("temperal_downsample", absl::StrCat("must have ", config.dim_mult.size() - 1, " entries"));
  } else {
    for (const auto& [key, factor] : {std::pair("scale_factor_spatial", config.spatial_factor()),
                                      std::pair("scale_factor_temporal", config.temporal_factor())}) {
      if (file.Int(key, factor, 1, kMax) != factor)
        file.Fault(key, absl::StrCat("must be ", factor, " with these levels"));
    }
  }
  for (const auto& [key, values] :
       {std::pair("latents_mean", &config.latents_mean), std::pair("latents_std", &config.latents_std)}) {
    if (static_cast<int64_t>(values->size()) != config.z_dim) {
      file.Fault(key, absl::StrCat("must have z_dim = ", config.z_dim, " entries"));
    }
  }
  if (std::any_of(config.latents_std.begin(), config.latents_std.end(), [](double s) { return s <= 0; })) {
    file.Fault("latents_std", "must be positive");
  }
  if (file.Bool("is_residual", false)) file.Fault("is_residual", "the Wan 2.2 VAE is not supported, must be false");
  if (file.Has("patch_size")) file.Fault("patch_size", "the Wan 2.2 VAE is not supported, must be null");
  if (!file.Ints("attn_scales", {}).empty()) file.Fault("attn_scales", "must be empty");
  for (const char* key : {"in_channels", "out_channels"}) {
    if (file.Int(key, 3, 1, kMax) != 3) file.Fault(key, "must be 3");
  }
  WAN_RETURN_IF_ERROR(file.Finish());
  return config;
}

}  // namespace wan

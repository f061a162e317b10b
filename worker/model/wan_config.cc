#include "worker/model/wan_config.h"

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/checkpoint/json_file.h"

namespace wan {

absl::StatusOr<WanConfig> LoadWanConfig(const std::string& path) {
  WAN_ASSIGN_OR_RETURN(const nlohmann::json json, ReadJsonFile(path));
  JsonConfig file(json, path);
  WanConfig config;
  constexpr int64_t kMax = 1 << 20;
  if (const std::string name = file.String("_class_name", "WanTransformer3DModel"); name != "WanTransformer3DModel") {
    file.Fault("_class_name", "must be WanTransformer3DModel");
  }
  const auto patch = file.Ints("patch_size", {1, 2, 2});
  if (patch.size() == 3 && patch[0] >= 1 && patch[1] >= 1 && patch[2] >= 1) {
    config.patch_size = {patch[0], patch[1], patch[2]};
  } else {
    file.Fault("patch_size", "must be three positive whole numbers");
  }
  config.num_heads = file.Int("num_attention_heads", config.num_heads, 1, kMax);
  config.head_dim = file.Int("attention_head_dim", config.head_dim, 6, kMax);
  if (config.head_dim % 2 != 0) file.Fault("attention_head_dim", "must be even");
  config.in_channels = file.Int("in_channels", config.in_channels, 1, kMax);
  config.out_channels = file.Int("out_channels", config.out_channels, 1, kMax);
  config.text_dim = file.Int("text_dim", config.text_dim, 1, kMax);
  config.freq_dim = file.Int("freq_dim", config.freq_dim, 2, kMax);
  if (config.freq_dim % 2 != 0) file.Fault("freq_dim", "must be even");
  config.ffn_dim = file.Int("ffn_dim", config.ffn_dim, 1, kMax);
  config.num_layers = file.Int("num_layers", config.num_layers, 1, 1000);
  config.eps = file.Double("eps", config.eps);
  config.rope_max_seq_len = file.Int("rope_max_seq_len", config.rope_max_seq_len, 1, kMax);
  if (file.String("qk_norm", "rms_norm_across_heads") != "rms_norm_across_heads") {
    file.Fault("qk_norm", "must be rms_norm_across_heads");
  }
  if (!file.Bool("cross_attn_norm", true)) file.Fault("cross_attn_norm", "must be true");
  for (const char* key : {"image_dim", "added_kv_proj_dim", "pos_embed_seq_len"}) {
    if (file.Has(key)) file.Fault(key, "image conditioning is not supported, must be null");
  }
  WAN_RETURN_IF_ERROR(file.Finish());
  return config;
}

}  // namespace wan

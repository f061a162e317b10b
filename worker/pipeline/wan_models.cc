#include "worker/pipeline/wan_models.h"

#include <ATen/Parallel.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "worker/checkpoint/json_file.h"
#include "worker/device/host_limits.h"

namespace wan {
namespace {

// model_index.json says which pipeline the checkpoint is for. What this build cannot run is named, not guessed around.
absl::Status CheckModelIndex(const std::string& checkpoint) {
  const std::string path = absl::StrCat(checkpoint, "/model_index.json");
  WAN_ASSIGN_OR_RETURN(const nlohmann::json json, ReadJsonFile(path));
  JsonConfig index(json, path);
  if (index.String("_class_name", "") != "WanPipeline") index.Fault("_class_name", "must be WanPipeline");
  if (index.Has("transformer_2") && json["transformer_2"].is_array() && json["transformer_2"].size() == 2 &&
      !json["transformer_2"][1].is_null()) {
    index.Fault("transformer_2", "two experts are not supported, must be [null, null]");
  }
  if (index.Bool("expand_timesteps", false)) index.Fault("expand_timesteps", "must be false");
  return index.Finish();
}

absl::StatusOr<at::ScalarType> ParseDtype(const Device& device, absl::string_view key, const std::string& value) {
  auto dtype = device.ResolveDtype(value);
  if (!dtype.ok()) return absl::InvalidArgumentError(absl::StrCat(key, ": ", dtype.status().message()));
  return dtype;
}

}  // namespace

LatentGeometry WanModels::geometry() const {
  return {.channels = vae_config.z_dim,
          .spatial_factor = vae_config.spatial_factor(),
          .temporal_factor = vae_config.temporal_factor()};
}

absl::StatusOr<WanModels> LoadWanModels(const PipelineConfig& config) {
  WAN_ASSIGN_OR_RETURN(Device device, Device::Open(config.device));
  at::set_num_threads(static_cast<int>(UsableThreads(/*local_ranks=*/1, config.threads)));
  WAN_RETURN_IF_ERROR(CheckModelIndex(config.checkpoint));
  WAN_ASSIGN_OR_RETURN(const at::ScalarType dtype, ParseDtype(device, "model.dtype", config.dtype));
  WAN_ASSIGN_OR_RETURN(const at::ScalarType vae_dtype, ParseDtype(device, "vae.dtype", config.vae_dtype));
  WAN_ASSIGN_OR_RETURN(const at::ScalarType vae_weights_dtype,
                       ParseDtype(device, "vae.weights_dtype", config.vae_weights_dtype));
  if (config.scheduler_dtype != "f32" && config.scheduler_dtype != "f64") {
    return absl::InvalidArgumentError(
        absl::StrCat("scheduler.dtype: '", config.scheduler_dtype, "' is not allowed, allowed are f32, f64"));
  }

  const auto component = [&](const char* name) { return absl::StrCat(config.checkpoint, "/", name); };
  WAN_ASSIGN_OR_RETURN(Umt5Tokenizer tokenizer, Umt5Tokenizer::Load(component("tokenizer")));
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<Umt5Encoder> encoder,
                       Umt5Encoder::Load(component("text_encoder"), dtype, device.device()));
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<WanTransformer> transformer,
                       WanTransformer::Load(component("transformer"), dtype, device.device()));
  WAN_ASSIGN_OR_RETURN(VaeConfig vae_config, LoadVaeConfig(component("vae/config.json")));
  WAN_ASSIGN_OR_RETURN(LoadedVae vae,
                       LoadVae(component("vae"), vae_config, vae_weights_dtype, device.device(), VaeParts::kDecoder));

  if (tokenizer.max_id() >= encoder->config().vocab_size) {
    return absl::FailedPreconditionError(absl::StrCat(config.checkpoint, ": tokenizer/tokenizer.json gives ids up to ",
                                                      tokenizer.max_id(), ", text_encoder/config.json vocab_size is ",
                                                      encoder->config().vocab_size, ": it must be more"));
  }
  if (encoder->config().width != transformer->config().text_dim) {
    return absl::FailedPreconditionError(absl::StrCat(config.checkpoint, ": text_encoder/config.json d_model is ",
                                                      encoder->config().width, ", transformer/config.json text_dim is ",
                                                      transformer->config().text_dim, ": they must be equal"));
  }
  if (vae_config.z_dim != transformer->config().in_channels || vae_config.z_dim != transformer->config().out_channels) {
    return absl::FailedPreconditionError(absl::StrCat(config.checkpoint, ": vae/config.json z_dim is ",
                                                      vae_config.z_dim, ", transformer/config.json in_channels is ",
                                                      transformer->config().in_channels, " and out_channels ",
                                                      transformer->config().out_channels, ": they must be equal"));
  }
  const int64_t weights_bytes = encoder->weights_bytes() + transformer->weights_bytes() + vae.weights_bytes;
  const int64_t bytes_read = encoder->bytes_read() + transformer->bytes_read() + vae.bytes_read;
  return WanModels{.device = device,
                   .dtype = dtype,
                   .scheduler_dtype = config.scheduler_dtype == "f64" ? at::kDouble : at::kFloat,
                   .vae_dtype = vae_dtype,
                   .vae_decode_chunk = config.vae_decode_chunk,
                   .vae_encode_chunk = config.vae_encode_chunk,
                   .prompt_encoder = std::make_unique<PromptEncoder>(std::move(tokenizer), std::move(encoder)),
                   .transformer = std::move(transformer),
                   .vae_config = std::move(vae_config),
                   .vae_weights = std::move(vae.weights),
                   .weights_bytes = weights_bytes,
                   .bytes_read = bytes_read};
}

}  // namespace wan

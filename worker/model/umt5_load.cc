#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/checkpoint/block_loader.h"
#include "worker/checkpoint/json_file.h"
#include "worker/checkpoint/shard_loader.h"
#include "worker/model/umt5_block.h"
#include "worker/model/umt5_encoder.h"

namespace wan {
namespace {

constexpr char kBlocksPrefix[] = "encoder.block.";
constexpr char kFinalNorm[] = "encoder.final_layer_norm.weight";
// Published files hold the one embedding table under either name, or under both.
constexpr char kEmbedding[] = "shared.weight";
constexpr char kEmbeddingAlias[] = "encoder.embed_tokens.weight";

}  // namespace

absl::StatusOr<Umt5Config> LoadUmt5Config(const std::string& path) {
  WAN_ASSIGN_OR_RETURN(const nlohmann::json json, ReadJsonFile(path));
  JsonConfig file(json, path);
  Umt5Config config;
  constexpr int64_t kMax = 1 << 22;
  if (file.String("model_type", "umt5") != "umt5") file.Fault("model_type", "must be umt5");
  config.vocab_size = file.Int("vocab_size", config.vocab_size, 2, kMax);
  config.width = file.Int("d_model", config.width, 1, kMax);
  config.head_dim = file.Int("d_kv", config.head_dim, 1, kMax);
  config.ffn_dim = file.Int("d_ff", config.ffn_dim, 1, kMax);
  config.num_layers = file.Int("num_layers", config.num_layers, 1, 1000);
  config.num_heads = file.Int("num_heads", config.num_heads, 1, kMax);
  config.num_buckets = file.Int("relative_attention_num_buckets", config.num_buckets, 4, kMax);
  config.max_distance = file.Int("relative_attention_max_distance", config.max_distance, 1, kMax);
  if (config.num_buckets % 4 != 0) file.Fault("relative_attention_num_buckets", "must be a multiple of 4");
  if (config.max_distance <= config.num_buckets / 4) {
    file.Fault("relative_attention_max_distance", "must be more than a quarter of the buckets");
  }
  config.eps = file.Double("layer_norm_epsilon", config.eps);
  if (file.String("feed_forward_proj", "gated-gelu") != "gated-gelu") {
    file.Fault("feed_forward_proj", "must be gated-gelu");
  }
  WAN_RETURN_IF_ERROR(file.Finish());
  return config;
}

absl::StatusOr<std::unique_ptr<Umt5Encoder>> Umt5Encoder::Load(const std::string& folder, at::ScalarType dtype,
                                                               at::Device device) {
  WAN_ASSIGN_OR_RETURN(const Umt5Config config, LoadUmt5Config(absl::StrCat(folder, "/config.json")));
  WAN_ASSIGN_OR_RETURN(const CheckpointIndex index, CheckpointIndex::Open(folder));
  const FlatLayout layout = Umt5BlockLayout(config, dtype);
  const std::string embedding = !index.Has(kEmbedding) && index.Has(kEmbeddingAlias) ? kEmbeddingAlias : kEmbedding;
  std::vector<ExpectedTensor> expected = {{embedding, {config.vocab_size, config.width}}, {kFinalNorm, {config.width}}};
  ExpectBlocks(layout, kBlocksPrefix, config.num_layers, &expected);
  WAN_RETURN_IF_ERROR(index.Check(expected, [](const std::string& name) { return name == kEmbeddingAlias; }));

  ShardLoader loader(index);
  OuterWeights outer;
  WAN_ASSIGN_OR_RETURN(outer.embedding, loader.Load(embedding, dtype, device));
  WAN_ASSIGN_OR_RETURN(outer.final_norm, loader.Load(kFinalNorm, dtype, device));
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<ParameterGatherer> blocks,
                       LoadResidentBlocks(loader, layout, kBlocksPrefix, config.num_layers, device));
  auto encoder = std::make_unique<Umt5Encoder>(config, std::move(outer), std::move(blocks));
  encoder->bytes_read_ = loader.bytes_read();
  return encoder;
}

}  // namespace wan

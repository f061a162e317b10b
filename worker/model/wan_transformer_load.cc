#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/checkpoint/block_loader.h"
#include "worker/checkpoint/checkpoint_index.h"
#include "worker/checkpoint/shard_loader.h"
#include "worker/model/wan_transformer.h"

namespace wan {
namespace {

constexpr char kBlocksPrefix[] = "blocks.";

// Calls visit(name, member, shape, stays_fp32) for every tensor outside the blocks.
template <typename Visitor>
void VisitOuter(const WanConfig& config, WanOuterWeights& weights, Visitor visit) {
  using Shape = std::vector<int64_t>;
  const auto linear = [&](const std::string& name, LinearWeights& member, int64_t out, int64_t in, bool stays_fp32) {
    visit(name + ".weight", member.weight, Shape{out, in}, stays_fp32);
    visit(name + ".bias", member.bias, Shape{out}, stays_fp32);
  };
  const int64_t width = config.width();
  const auto& [pt, ph, pw] = config.patch_size;
  visit("patch_embedding.weight", weights.patch_embedding.weight, Shape{width, config.in_channels, pt, ph, pw}, false);
  visit("patch_embedding.bias", weights.patch_embedding.bias, Shape{width}, false);
  ConditionEmbedderWeights& condition = weights.condition;
  linear("condition_embedder.time_embedder.linear_1", condition.time_in, width, config.freq_dim, true);
  linear("condition_embedder.time_embedder.linear_2", condition.time_out, width, width, true);
  linear("condition_embedder.time_proj", condition.time_proj, 6 * width, width, false);
  linear("condition_embedder.text_embedder.linear_1", condition.text_in, width, config.text_dim, false);
  linear("condition_embedder.text_embedder.linear_2", condition.text_out, width, width, false);
  visit("scale_shift_table", weights.scale_shift_table, Shape{1, 2, width}, true);
  linear("proj_out", weights.proj_out, config.patch_elements() * config.out_channels, width, false);
}

}  // namespace

absl::StatusOr<std::unique_ptr<WanTransformer>> WanTransformer::Load(const std::string& folder, at::ScalarType dtype,
                                                                     at::Device device) {
  WAN_ASSIGN_OR_RETURN(const WanConfig config, LoadWanConfig(absl::StrCat(folder, "/config.json")));
  WAN_ASSIGN_OR_RETURN(const CheckpointIndex index, CheckpointIndex::Open(folder));
  const FlatLayout layout = WanBlockLayout(config, dtype);
  std::vector<ExpectedTensor> expected;
  ExpectBlocks(layout, kBlocksPrefix, config.num_layers, &expected);
  WanOuterWeights outer;
  VisitOuter(config, outer, [&](std::string name, at::Tensor&, std::vector<int64_t> shape, bool) {
    expected.push_back({std::move(name), std::move(shape)});
  });
  // norm_added_q is in some published files and used by no model.
  WAN_RETURN_IF_ERROR(
      index.Check(expected, [](const std::string& name) { return absl::StrContains(name, "norm_added_q"); }));

  ShardLoader loader(index);
  absl::Status status;
  VisitOuter(config, outer, [&](const std::string& name, at::Tensor& member, const std::vector<int64_t>&, bool stays) {
    if (!status.ok()) return;
    auto tensor = loader.Load(name, stays ? at::kFloat : dtype, device);
    if (tensor.ok()) {
      member = *std::move(tensor);
    } else {
      status = tensor.status();
    }
  });
  WAN_RETURN_IF_ERROR(status);
  outer.patch_embedding.weight = outer.patch_embedding.weight.flatten(1);
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<ParameterGatherer> blocks,
                       LoadResidentBlocks(loader, layout, kBlocksPrefix, config.num_layers, device));
  auto transformer = std::make_unique<WanTransformer>(config, dtype, std::move(outer), std::move(blocks));
  transformer->bytes_read_ = loader.bytes_read();
  return transformer;
}

}  // namespace wan

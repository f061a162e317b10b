#include "worker/checkpoint/block_loader.h"

#include <ATen/ops/empty.h>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace wan {
namespace {

std::string BlockTensorName(const std::string& prefix, int64_t block, const std::string& name) {
  return absl::StrCat(prefix, block, ".", name);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ParameterGatherer>> LoadResidentBlocks(ShardLoader& loader, const FlatLayout& layout,
                                                                      const std::string& prefix, int64_t num_blocks,
                                                                      at::Device device) {
  std::vector<at::Tensor> blocks;
  for (int64_t i = 0; i < num_blocks; ++i) {
    blocks.push_back(at::empty({layout.total_bytes()}, at::TensorOptions(at::kByte).device(device)));
    const std::vector<at::Tensor> views = layout.Views(blocks.back());
    for (size_t t = 0; t < views.size(); ++t) {
      WAN_RETURN_IF_ERROR(loader.Read(BlockTensorName(prefix, i, layout.entries()[t].name), 0, views[t]));
    }
  }
  return std::make_unique<ResidentParameters>(layout, blocks);
}

void ExpectBlocks(const FlatLayout& layout, const std::string& prefix, int64_t num_blocks,
                  std::vector<ExpectedTensor>* expected) {
  for (int64_t i = 0; i < num_blocks; ++i) {
    for (const FlatLayout::Entry& entry : layout.entries()) {
      expected->push_back({BlockTensorName(prefix, i, entry.name), entry.shape});
    }
  }
}

}  // namespace wan

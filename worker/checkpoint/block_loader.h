#ifndef WAN_WORKER_CHECKPOINT_BLOCK_LOADER_H_
#define WAN_WORKER_CHECKPOINT_BLOCK_LOADER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/checkpoint/checkpoint_index.h"
#include "worker/checkpoint/shard_loader.h"
#include "worker/parallel/parameter_gatherer.h"

namespace wan {

// Reads the blocks `prefix`0., `prefix`1., … ("blocks.") of a component into resident flat buffers.
// Precondition: the loader's index was checked against the layout's names and shapes.
absl::StatusOr<std::unique_ptr<ParameterGatherer>> LoadResidentBlocks(ShardLoader& loader, const FlatLayout& layout,
                                                                      const std::string& prefix, int64_t num_blocks,
                                                                      at::Device device);

// Appends what those blocks need of the checkpoint to `expected`.
void ExpectBlocks(const FlatLayout& layout, const std::string& prefix, int64_t num_blocks,
                  std::vector<ExpectedTensor>* expected);

}  // namespace wan

#endif  // WAN_WORKER_CHECKPOINT_BLOCK_LOADER_H_

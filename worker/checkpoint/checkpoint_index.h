// The safetensors files of one component folder (transformer/, text_encoder/, vae/): a single file, or shards with
// their index {"weight_map": {"name": "file"}}. Says which file holds a tensor and checks the set of names.
#ifndef WAN_WORKER_CHECKPOINT_CHECKPOINT_INDEX_H_
#define WAN_WORKER_CHECKPOINT_CHECKPOINT_INDEX_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/checkpoint/safetensors_file.h"

namespace wan {

// What a model needs of a checkpoint.
struct ExpectedTensor {
  std::string name;
  std::vector<int64_t> shape;
};

// Immutable after Open; any thread.
class CheckpointIndex {
 public:
  // FAILED_PRECONDITION naming what is missing; DATA_LOSS for a corrupt file, or a name that is in the map but not in
  // its shard, or in a shard but not in the map.
  static absl::StatusOr<CheckpointIndex> Open(const std::string& folder);

  const std::string& folder() const { return folder_; }
  bool Has(const std::string& name) const { return where_.count(name) > 0; }

  // Preconditions: Has(name).
  const StoredTensor& Find(const std::string& name) const;
  absl::Status Read(const std::string& name, int64_t offset, int64_t size, void* destination) const;

  // FAILED_PRECONDITION that lists every missing, unexpected, misshapen or unloadable tensor. `ignored` marks names of
  // the files that no model needs.
  absl::Status Check(const std::vector<ExpectedTensor>& expected,
                     const std::function<bool(const std::string&)>& ignored) const;

 private:
  CheckpointIndex() = default;

  std::string folder_;
  std::vector<SafetensorsFile> files_;
  std::map<std::string, size_t> where_;  // tensor name → index in files_
};

}  // namespace wan

#endif  // WAN_WORKER_CHECKPOINT_CHECKPOINT_INDEX_H_

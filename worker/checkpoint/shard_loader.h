#ifndef WAN_WORKER_CHECKPOINT_SHARD_LOADER_H_
#define WAN_WORKER_CHECKPOINT_SHARD_LOADER_H_

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "worker/checkpoint/checkpoint_index.h"

namespace wan {

// The in-memory type of a stored one; Undefined for what cannot be loaded.
at::ScalarType ScalarTypeOf(FileDtype dtype);

// Reads tensors, or parts of them, of one component into memory that the caller owns, converting the dtype on the
// way (F32, F16, BF16, F64 in the file; any floating dtype in memory), and counts what it reads. One thread.
class ShardLoader {
 public:
  // `index` must outlive the loader.
  explicit ShardLoader(const CheckpointIndex& index) : index_(index) {}

  const CheckpointIndex& index() const { return index_; }

  // Elements [first, first + destination.numel()) of `name` in row-major order into `destination` (contiguous, any
  // shape and device). Precondition: index().Has(name) and the range lies in the tensor.
  // Error: DATA_LOSS with file, tensor and offset; `destination` is then partly written.
  absl::Status Read(const std::string& name, int64_t first, const at::Tensor& destination);

  // A whole tensor, newly allocated as `dtype` on `device`.
  absl::StatusOr<at::Tensor> Load(const std::string& name, at::ScalarType dtype, at::Device device);

  int64_t bytes_read() const { return bytes_read_; }

 private:
  const CheckpointIndex& index_;
  std::vector<char> staging_;
  int64_t bytes_read_ = 0;
};

}  // namespace wan

#endif  // WAN_WORKER_CHECKPOINT_SHARD_LOADER_H_

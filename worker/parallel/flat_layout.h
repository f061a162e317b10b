#ifndef WAN_WORKER_PARALLEL_FLAT_LAYOUT_H_
#define WAN_WORKER_PARALLEL_FLAT_LAYOUT_H_

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>
#include <vector>

namespace wan {

// Where the tensors of one block lie in one flat byte buffer: a fixed order, each at a multiple of 256 bytes (what CUDA
// allocations and vector loads like), any mix of dtypes. All blocks of a component share one layout, so a block can be
// moved, gathered or kept as a single buffer.
class FlatLayout {
 public:
  static constexpr int64_t kAlignment = 256;

  struct Entry {
    std::string name;  // within the block: "attn1.to_q.weight"
    at::ScalarType dtype;
    std::vector<int64_t> shape;
    int64_t offset;  // bytes
    int64_t bytes;
  };

  void Add(std::string name, at::ScalarType dtype, std::vector<int64_t> shape);

  const std::vector<Entry>& entries() const { return entries_; }
  int64_t total_bytes() const { return total_bytes_; }  // a multiple of kAlignment

  // The tensors of `flat` ([total_bytes()] uint8, contiguous) in the order of Add; they share its memory.
  std::vector<at::Tensor> Views(const at::Tensor& flat) const;

 private:
  std::vector<Entry> entries_;
  int64_t total_bytes_ = 0;
};

}  // namespace wan

#endif  // WAN_WORKER_PARALLEL_FLAT_LAYOUT_H_

#ifndef WAN_WORKER_PARALLEL_PARAMETER_GATHERER_H_
#define WAN_WORKER_PARALLEL_PARAMETER_GATHERER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "common/log.h"
#include "worker/parallel/flat_layout.h"

namespace wan {

// The only way to a component's block weights: models hold no weights of blocks as members, so that where the bytes
// live (resident, sharded over ranks, offloaded) stays out of the mathematics. Compute thread; every rank acquires the
// same blocks in the same order.
class ParameterGatherer {
 public:
  virtual ~ParameterGatherer() = default;

  virtual int64_t num_blocks() const = 0;
  virtual int64_t resident_bytes() const = 0;  // on this rank's device

  // Block `i`'s tensors in the order of its FlatLayout, valid until the next Acquire.
  virtual std::span<const at::Tensor> Acquire(int64_t i) = 0;
};

// A world of one, or a component that fits: every block stays where it was loaded.
class ResidentParameters : public ParameterGatherer {
 public:
  // `blocks`: one flat buffer each, [layout.total_bytes()] uint8.
  ResidentParameters(const FlatLayout& layout, const std::vector<at::Tensor>& blocks)
      : block_bytes_(layout.total_bytes()) {
    views_.reserve(blocks.size());
    for (const at::Tensor& block : blocks) views_.push_back(layout.Views(block));
  }

  int64_t num_blocks() const override { return static_cast<int64_t>(views_.size()); }
  int64_t resident_bytes() const override { return num_blocks() * block_bytes_; }
  std::span<const at::Tensor> Acquire(int64_t i) override {
    WAN_CHECK(i >= 0 && i < num_blocks());
    return views_[static_cast<size_t>(i)];
  }

 private:
  const int64_t block_bytes_;
  std::vector<std::vector<at::Tensor>> views_;
};

}  // namespace wan

#endif  // WAN_WORKER_PARALLEL_PARAMETER_GATHERER_H_

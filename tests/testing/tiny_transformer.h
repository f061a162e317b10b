#ifndef WAN_TESTS_TESTING_TINY_TRANSFORMER_H_
#define WAN_TESTS_TESTING_TINY_TRANSFORMER_H_

#include <memory>

#include "worker/model/wan_transformer.h"

namespace wan {

// Counts how often each block is acquired.
class CountingParameters : public ParameterGatherer {
 public:
  CountingParameters(const FlatLayout& layout, const std::vector<at::Tensor>& blocks)
      : resident_(layout, blocks), acquired(blocks.size(), 0) {}
  int64_t num_blocks() const override { return resident_.num_blocks(); }
  int64_t resident_bytes() const override { return resident_.resident_bytes(); }
  std::span<const at::Tensor> Acquire(int64_t i) override {
    ++acquired[static_cast<size_t>(i)];
    return resident_.Acquire(i);
  }

 private:
  ResidentParameters resident_;

 public:
  std::vector<int> acquired;
};

struct TinyTransformer {
  std::unique_ptr<WanTransformer> transformer;
  CountingParameters* parameters;  // owned by the transformer
};

// Random weights from a fixed seed; 2 heads of 12, 3 blocks, 4 channels, text of 10.
TinyTransformer MakeTinyTransformer();

}  // namespace wan

#endif  // WAN_TESTS_TESTING_TINY_TRANSFORMER_H_

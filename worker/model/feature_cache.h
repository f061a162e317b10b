#ifndef WAN_WORKER_MODEL_FEATURE_CACHE_H_
#define WAN_WORKER_MODEL_FEATURE_CACHE_H_

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <deque>

namespace wan {

// The left context of every causal convolution of a stream of chunks, one slot for each in the order they run. Rewind
// before each chunk; a chunk that leaves a convolution out must Skip its slot.
class FeatureCache {
 public:
  void Rewind() { next_ = 0; }
  void Skip() { Next(); }

  // The slot of the convolution that runs next; undefined in the first chunk it sees.
  at::Tensor& Next() {
    if (next_ == slots_.size()) slots_.emplace_back();
    return slots_[next_++];
  }

 private:
  std::deque<at::Tensor> slots_;  // references to slots stay valid
  size_t next_ = 0;
};

}  // namespace wan

#endif  // WAN_WORKER_MODEL_FEATURE_CACHE_H_

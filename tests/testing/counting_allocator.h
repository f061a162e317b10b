#ifndef WAN_TESTS_TESTING_COUNTING_ALLOCATOR_H_
#define WAN_TESTS_TESTING_COUNTING_ALLOCATOR_H_

#include <c10/core/Allocator.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace wan {

// Counts the bytes of CPU tensors while it lives, as torch's allocator in place of the usual one. Scratch memory of
// oneDNN and MKL is not seen. One at a time; tensors may outlive it.
class CountingAllocator : public c10::Allocator {
 public:
  CountingAllocator();
  ~CountingAllocator() override;
  CountingAllocator(const CountingAllocator&) = delete;
  CountingAllocator& operator=(const CountingAllocator&) = delete;

  int64_t live_bytes() const { return counts_->live; }  // of tensors made since it lives
  int64_t peak_bytes() const { return counts_->peak; }

  c10::DataPtr allocate(size_t bytes) override;
  c10::DeleterFnPtr raw_deleter() const override { return &Delete; }
  void copy_data(void* destination, const void* source, size_t bytes) const override;

 private:
  struct Counts {
    std::atomic<int64_t> live = 0;
    std::atomic<int64_t> peak = 0;
  };
  struct Header;  // before each allocation's bytes

  static void Delete(void* data);

  c10::Allocator* const previous_;
  const std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace wan

#endif  // WAN_TESTS_TESTING_COUNTING_ALLOCATOR_H_

#include "tests/testing/counting_allocator.h"

#include <c10/core/CPUAllocator.h>

#include <new>
#include <utility>

namespace wan {

struct CountingAllocator::Header {
  int64_t bytes;
  c10::DeleterFnPtr free;
  std::shared_ptr<Counts> counts;
};

namespace {

constexpr size_t kHeaderBytes = 64;  // the alignment of torch's own allocator

}  // namespace

CountingAllocator::CountingAllocator() : previous_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this); }

CountingAllocator::~CountingAllocator() { c10::SetCPUAllocator(previous_); }

c10::DataPtr CountingAllocator::allocate(size_t bytes) {
  static_assert(sizeof(Header) <= kHeaderBytes);
  if (bytes == 0) return {nullptr, nullptr, &Delete, at::kCPU};
  char* const base = static_cast<char*>(previous_->raw_allocate(bytes + kHeaderBytes));
  new (base) Header{static_cast<int64_t>(bytes), previous_->raw_deleter(), counts_};
  const int64_t live = counts_->live += static_cast<int64_t>(bytes);
  int64_t peak = counts_->peak;
  while (live > peak && !counts_->peak.compare_exchange_weak(peak, live)) {
  }
  char* const data = base + kHeaderBytes;
  return {data, data, &Delete, at::kCPU};
}

void CountingAllocator::Delete(void* data) {
  if (data == nullptr) return;
  char* const base = static_cast<char*>(data) - kHeaderBytes;
  auto* const header = reinterpret_cast<Header*>(base);
  header->counts->live -= header->bytes;
  const c10::DeleterFnPtr free = header->free;
  header->~Header();
  free(base);
}

void CountingAllocator::copy_data(void* destination, const void* source, size_t bytes) const {
  default_copy_data(destination, source, bytes);
}

}  // namespace wan

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "worker/device/device_backend.h"

namespace wan::device_backend {
namespace {

// The single way to a CUDA device is CheckCudaDevice(), which says no.
absl::Status NotBuilt(int64_t index) {
  return absl::FailedPreconditionError(
      absl::StrCat("device cuda:", index, ": this program was built without CUDA (WAN_WITH_CUDA=OFF)"));
}

}  // namespace

absl::Status CheckCudaDevice(int64_t index) { return NotBuilt(index); }

void SynchronizeCuda(int64_t index) { WAN_CHECK(NotBuilt(index).ok()); }

absl::StatusOr<MemoryFigures> CudaMemory(int64_t index) { return NotBuilt(index); }

bool HasCudaBf16(int64_t) { return false; }

}  // namespace wan::device_backend

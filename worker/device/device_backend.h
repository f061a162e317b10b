// What device.cc needs of a build with CUDA (device_cuda.cc) or without (device_cpu.cc); CMake picks one.
#ifndef WAN_WORKER_DEVICE_DEVICE_BACKEND_H_
#define WAN_WORKER_DEVICE_DEVICE_BACKEND_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/device/host_limits.h"

namespace wan::device_backend {

// OK when CUDA device `index` can be used, else FAILED_PRECONDITION with the reason.
absl::Status CheckCudaDevice(int64_t index);

// Precondition of the others: CheckCudaDevice(index) was OK.
void SynchronizeCuda(int64_t index);
absl::StatusOr<MemoryFigures> CudaMemory(int64_t index);
bool HasCudaBf16(int64_t index);

}  // namespace wan::device_backend

#endif  // WAN_WORKER_DEVICE_DEVICE_BACKEND_H_

#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>

#include "absl/strings/str_cat.h"
#include "worker/device/device_backend.h"

namespace wan::device_backend {
namespace {

absl::Status CudaError(int64_t index, absl::string_view what, cudaError_t error) {
  return absl::FailedPreconditionError(
      absl::StrCat("device cuda:", index, ": ", what, ": ", cudaGetErrorString(error)));
}

}  // namespace

absl::Status CheckCudaDevice(int64_t index) {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess) {
    return CudaError(index, "count devices", error);
  }
  if (index >= count) {
    return absl::FailedPreconditionError(
        absl::StrCat("device cuda:", index, ": the machine has ", count, " CUDA device(s)"));
  }
  return absl::OkStatus();
}

void SynchronizeCuda(int64_t index) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
  c10::cuda::device_synchronize();
}

absl::StatusOr<MemoryFigures> CudaMemory(int64_t index) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
  size_t free_bytes = 0;
  size_t total_bytes = 0;
  if (const cudaError_t error = cudaMemGetInfo(&free_bytes, &total_bytes); error != cudaSuccess) {
    return CudaError(index, "memory figures", error);
  }
  return MemoryFigures{.free_bytes = static_cast<int64_t>(free_bytes),
                       .total_bytes = static_cast<int64_t>(total_bytes)};
}

bool HasCudaBf16(int64_t index) {
  int major = 0;
  const cudaError_t error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, static_cast<int>(index));
  return error == cudaSuccess && major >= 8;  // tensor cores take bf16 from compute capability 8.0 on
}

}  // namespace wan::device_backend

#include "worker/device/device.h"

#include <ATen/core/ivalue.h>
#include <ATen/cpu/Utils.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status_macros.h"
#include "worker/device/device_backend.h"

namespace wan {
namespace {

// AVX512_BF16 or AMX: without them oneDNN and MKL convert bf16 to f32 and back around every product.
bool HasCpuBf16() {
  const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto has = [&capabilities](const char* name) {
    const auto entry = capabilities.find(name);
    return entry != capabilities.end() && entry->second.isBool() && entry->second.toBool();
  };
  return has("avx512_bf16") || has("amx_bf16");
}

}  // namespace

absl::StatusOr<Device> Device::Open(absl::string_view name) {
  if (name == "cpu") return Device(at::Device(at::kCPU));
  absl::string_view rest = name;
  int32_t index = 0;
  const bool is_cuda = absl::ConsumePrefix(&rest, "cuda") &&
                       (rest.empty() || (absl::ConsumePrefix(&rest, ":") && absl::SimpleAtoi(rest, &index)));
  if (!is_cuda || index < 0 || index > 127) {
    return absl::InvalidArgumentError(absl::StrCat("device \"", name, "\": allowed are cpu, cuda and cuda:N"));
  }
  WAN_RETURN_IF_ERROR(device_backend::CheckCudaDevice(index));
  return Device(at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index)));
}

void Device::Synchronize() const {
  if (device_.is_cuda()) device_backend::SynchronizeCuda(device_.index());
}

absl::StatusOr<MemoryFigures> Device::Memory() const {
  return device_.is_cuda() ? device_backend::CudaMemory(device_.index()) : HostMemory();
}

absl::StatusOr<at::ScalarType> Device::ResolveDtype(absl::string_view dtype) const {
  if (dtype == "f32") return at::kFloat;
  if (dtype == "bf16") return at::kBFloat16;
  if (dtype == "auto") {
    const bool is_fast = device_.is_cuda() ? device_backend::HasCudaBf16(device_.index()) : HasCpuBf16();
    return is_fast ? at::kBFloat16 : at::kFloat;
  }
  return absl::InvalidArgumentError(absl::StrCat("dtype \"", dtype, "\": allowed are auto, f32 and bf16"));
}

std::string DtypeName(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return "f32";
    case at::kBFloat16:
      return "bf16";
    case at::kHalf:
      return "f16";
    case at::kDouble:
      return "f64";
    default:
      return at::toString(dtype);
  }
}

}  // namespace wan

#ifndef WAN_WORKER_DEVICE_DEVICE_H_
#define WAN_WORKER_DEVICE_DEVICE_H_

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/device/host_limits.h"

namespace wan {

// Where a rank computes. Nothing else asks whether that is a GPU. A small value; any thread, Synchronize() apart.
class Device {
 public:
  // "cpu", "cuda" (the first one) or "cuda:N". INVALID_ARGUMENT for another name, FAILED_PRECONDITION with the reason
  // when this build, driver or machine has no such device.
  static absl::StatusOr<Device> Open(absl::string_view name);

  at::Device device() const { return device_; }
  std::string name() const { return device_.str(); }  // "cpu", "cuda:0"

  // Waits until all work given to the device is done. Throws c10::Error when that work failed.
  void Synchronize() const;

  // On CPU the smallest of host and control groups; on a GPU what its driver says.
  absl::StatusOr<MemoryFigures> Memory() const;

  // "f32", "bf16", or "auto": bf16 where the device has matrix instructions for it. A CPU without them computes bf16
  // about ten times slower than f32. INVALID_ARGUMENT for another name.
  absl::StatusOr<at::ScalarType> ResolveDtype(absl::string_view dtype) const;

 private:
  explicit Device(at::Device device) : device_(device) {}

  at::Device device_;
};

// "f32", "bf16", "f16", "f64": the names that configuration and reports use. For any other type ATen's own name.
std::string DtypeName(at::ScalarType dtype);

}  // namespace wan

#endif  // WAN_WORKER_DEVICE_DEVICE_H_

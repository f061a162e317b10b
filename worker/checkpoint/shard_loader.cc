#include "worker/checkpoint/shard_loader.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>

#include "common/log.h"
#include "common/status_macros.h"

namespace wan {
namespace {

// Large sequential reads: a network disk answers one request of 16 MiB far sooner than thousands of pages.
constexpr int64_t kStagingBytes = 16 << 20;

}  // namespace

at::ScalarType ScalarTypeOf(FileDtype dtype) {
  switch (dtype) {
    case FileDtype::kF64:
      return at::kDouble;
    case FileDtype::kF32:
      return at::kFloat;
    case FileDtype::kF16:
      return at::kHalf;
    case FileDtype::kBF16:
      return at::kBFloat16;
    case FileDtype::kI64:
      return at::kLong;
    case FileDtype::kI32:
      return at::kInt;
    case FileDtype::kI16:
      return at::kShort;
    case FileDtype::kI8:
      return at::kChar;
    case FileDtype::kU8:
      return at::kByte;
    case FileDtype::kBool:
      return at::kBool;
    case FileDtype::kOther:
      break;
  }
  return at::ScalarType::Undefined;
}

absl::Status ShardLoader::Read(const std::string& name, int64_t first, const at::Tensor& destination) {
  const StoredTensor& stored = index_.Find(name);
  WAN_CHECK(destination.is_contiguous());
  WAN_CHECK(first >= 0 && first + destination.numel() <= stored.num_elements());
  const at::ScalarType stored_type = ScalarTypeOf(stored.dtype);
  WAN_CHECK(stored_type != at::ScalarType::Undefined);
  const int64_t item = stored.item_bytes;
  if (destination.is_cpu() && destination.scalar_type() == stored_type) {
    WAN_RETURN_IF_ERROR(index_.Read(name, first * item, destination.numel() * item, destination.mutable_data_ptr()));
    bytes_read_ += destination.numel() * item;
    return absl::OkStatus();
  }
  const int64_t step = kStagingBytes / item;
  staging_.resize(static_cast<size_t>(std::min(step, std::max<int64_t>(destination.numel(), 1)) * item));
  const at::Tensor flat = destination.view({-1});
  for (int64_t done = 0; done < flat.numel(); done += step) {
    const int64_t count = std::min(step, flat.numel() - done);
    WAN_RETURN_IF_ERROR(index_.Read(name, (first + done) * item, count * item, staging_.data()));
    bytes_read_ += count * item;
    flat.narrow(0, done, count).copy_(at::from_blob(staging_.data(), {count}, at::TensorOptions(stored_type)));
  }
  return absl::OkStatus();
}

absl::StatusOr<at::Tensor> ShardLoader::Load(const std::string& name, at::ScalarType dtype, at::Device device) {
  at::Tensor tensor = at::empty(index_.Find(name).shape, at::TensorOptions(dtype).device(device));
  WAN_RETURN_IF_ERROR(Read(name, 0, tensor));
  return tensor;
}

}  // namespace wan

#include "tests/testing/tensors.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "common/log.h"
#include "tests/testing/files.h"
#include "worker/checkpoint/safetensors_file.h"
#include "worker/checkpoint/shard_loader.h"

namespace wan {
std::map<std::string, at::Tensor> ReadTensors(const std::string& path) {
  const auto file = SafetensorsFile::Open(path);
  if (!file.ok()) {
    WAN_LOG(ERROR) << file.status().ToString();
    std::abort();
  }
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [name, stored] : file->tensors()) {
    at::Tensor tensor = at::empty(stored.shape, at::TensorOptions(ScalarTypeOf(stored.dtype)));
    WAN_CHECK(file->Read(name, 0, static_cast<int64_t>(tensor.nbytes()), tensor.mutable_data_ptr()).ok());
    tensors.emplace(name, std::move(tensor));
  }
  return tensors;
}

void WriteTensors(const std::string& path, const std::map<std::string, at::Tensor>& tensors) {
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    WAN_CHECK(tensor.scalar_type() == at::kFloat);
    const at::Tensor values = tensor.contiguous();
    const size_t begin = data.size();
    data.append(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
    header[name] = {{"dtype", "F32"}, {"shape", values.sizes().vec()}, {"data_offsets", {begin, data.size()}}};
  }
  WriteFile(path, SafetensorsBytes(header.dump(), data));
}

::testing::AssertionResult Near(const at::Tensor& actual, const at::Tensor& expected, double max_difference) {
  if (actual.sizes() != expected.sizes()) {
    return ::testing::AssertionFailure() << "shape is " << actual.sizes() << ", must be " << expected.sizes();
  }
  const at::Tensor a = actual.to(at::kCPU, at::kDouble).flatten(), e = expected.to(at::kCPU, at::kDouble).flatten();
  if (a.numel() == 0) return ::testing::AssertionSuccess();
  const at::Tensor difference = (a - e).abs();
  const auto worst = difference.argmax().item<int64_t>();  // NaN counts as the largest
  const auto largest = difference[worst].item<double>();
  const auto result = largest <= max_difference ? ::testing::AssertionSuccess() : ::testing::AssertionFailure();
  return ::testing::AssertionResult(result)
         << "largest difference is " << largest << " of " << max_difference << " allowed, at element " << worst
         << " of " << expected.sizes() << ": " << a[worst].item<double>() << ", expected " << e[worst].item<double>();
}

}  // namespace wan

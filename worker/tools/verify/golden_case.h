// A golden case: a folder with case.json (request, model, tolerances) and tensors.safetensors (expected values), as the
// reference implementation wrote it. Everything is read from the files; nothing about a case is known beforehand.
#ifndef WAN_WORKER_TOOLS_VERIFY_GOLDEN_CASE_H_
#define WAN_WORKER_TOOLS_VERIFY_GOLDEN_CASE_H_

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/checkpoint/safetensors_file.h"

namespace wan {

struct Tolerance {
  double max = 0;              // largest absolute difference allowed
  std::optional<double> mean;  // mean absolute difference allowed
};

class GoldenCase {
 public:
  static absl::StatusOr<GoldenCase> Load(const std::string& folder);

  const std::string& name() const { return name_; }
  const std::string& kind() const { return kind_; }
  const nlohmann::json& json() const { return json_; }

  // Folder of the case's model: model/ inside the case, or ../../models/NAME.
  std::string ModelFolder() const;

  bool Has(const std::string& tensor) const { return file_.tensors().count(tensor) > 0; }
  // Names of the stored tensors, sorted.
  std::vector<std::string> TensorNames() const;
  // Precondition: Has(tensor). Throws std::runtime_error when its bytes cannot be read.
  at::Tensor Tensor(const std::string& tensor) const;

  // The tolerance of a stage: case.json names stages without their numbers ("step.noise_cond" for
  // "step.003.noise_cond", "step.in.*"). FAILED_PRECONDITION when the case states none.
  absl::StatusOr<Tolerance> ToleranceOf(const std::string& stage) const;

 private:
  GoldenCase(SafetensorsFile file) : file_(std::move(file)) {}

  std::string folder_;
  std::string name_;
  std::string kind_;
  nlohmann::json json_;
  SafetensorsFile file_;
};

}  // namespace wan

#endif  // WAN_WORKER_TOOLS_VERIFY_GOLDEN_CASE_H_

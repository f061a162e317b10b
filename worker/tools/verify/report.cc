#include "worker/tools/verify/report.h"

#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace wan {
namespace {

std::string IndexText(const at::Tensor& like, int64_t flat) {
  std::vector<int64_t> index;
  for (int64_t axis = like.dim() - 1; axis >= 0; --axis) {
    index.insert(index.begin(), flat % like.size(axis));
    flat /= like.size(axis);
  }
  return absl::StrCat("[", absl::StrJoin(index, ","), "]");
}

const char* InputName(StageInput input) { return input == StageInput::kReference ? "reference" : "end-to-end"; }

}  // namespace

bool CaseReport::passed() const {
  return unsupported.empty() && error.empty() && !stages.empty() &&
         std::all_of(stages.begin(), stages.end(), [](const StageResult& stage) { return stage.passed; });
}

void CaseReport::Compare(const std::string& stage, StageInput input, const at::Tensor& actual,
                         const at::Tensor& expected, const Tolerance& tolerance) {
  StageResult result{.stage = stage, .input = input, .tolerance = tolerance};
  if (actual.sizes() != expected.sizes()) {
    result.max_error = result.mean_error = std::nan("");
    result.detail = absl::StrCat("shape [", absl::StrJoin(actual.sizes(), ","), "], expected [",
                                 absl::StrJoin(expected.sizes(), ","), "]");
  } else if (expected.numel() == 0) {
    result.passed = true;
  } else {
    const at::Tensor mine = actual.to(at::kCPU, at::kDouble), reference = expected.to(at::kDouble);
    const at::Tensor difference = (mine - reference).abs();
    result.max_error = difference.max().item<double>();
    result.mean_error = difference.mean().item<double>();
    const int64_t worst = difference.argmax().item<int64_t>();
    if (result.max_error != 0) {
      result.detail =
          absl::StrFormat("%s is %.7g, expected %.7g", IndexText(expected, worst),
                          mine.reshape({-1})[worst].item<double>(), reference.reshape({-1})[worst].item<double>());
    }
    // Written so that NaN fails.
    result.passed = result.max_error <= tolerance.max && (!tolerance.mean || result.mean_error <= *tolerance.mean);
  }
  stages.push_back(std::move(result));
}

void CaseReport::Compare(const GoldenCase& golden, const std::string& stage, StageInput input,
                         const at::Tensor& actual) {
  const auto tolerance = golden.ToleranceOf(stage);
  if (!tolerance.ok()) {
    stages.push_back({.stage = stage, .input = input, .detail = std::string(tolerance.status().message())});
    return;
  }
  Compare(stage, input, actual, golden.Tensor(stage), *tolerance);
}

void CaseReport::CompareText(const std::string& stage, const std::string& actual, const std::string& expected) {
  StageResult result{.stage = stage};
  result.passed = actual == expected;
  if (!result.passed) {
    result.max_error = result.mean_error = 1;
    result.detail = absl::StrCat("\"", actual, "\", expected \"", expected, "\"");
  }
  stages.push_back(std::move(result));
}

void PrintTable(const CaseReport& report, std::ostream& out) {
  out << report.name << " (" << report.kind << ")\n";
  for (const auto& [key, value] : report.facts) out << "  " << key << ": " << value << "\n";
  if (!report.stages.empty()) {
    out << absl::StrFormat("  %-34s %-10s %12s %12s %10s\n", "stage", "input", "max error", "mean error", "allowed");
  }
  for (const StageResult& stage : report.stages) {
    out << absl::StrFormat("  %-34s %-10s %12.4g %12.4g %10.3g %s\n", stage.stage, InputName(stage.input),
                           stage.max_error, stage.mean_error, stage.tolerance.max, stage.passed ? "ok" : "FAILED");
    if (stage.tolerance.mean) out << absl::StrFormat("  %68s %10.3g mean\n", "", *stage.tolerance.mean);
    if (!stage.passed) out << "    " << stage.detail << "\n";
  }
  for (const std::string& note : report.notes) out << "  note: " << note << "\n";
  for (size_t i = 0; i < report.frames_sha256.size(); ++i) {
    out << "  video " << i << " frames sha256 " << report.frames_sha256[i] << "\n";
  }
  if (!report.unsupported.empty()) out << "  not supported: " << report.unsupported << "\n";
  if (!report.error.empty()) out << "  error: " << report.error << "\n";
  out << "  " << (report.passed() ? "passed" : report.unsupported.empty() ? "FAILED" : "not run") << "\n";
}

nlohmann::ordered_json ToJson(const CaseReport& report) {
  nlohmann::ordered_json json;
  json["case"] = report.name;
  json["kind"] = report.kind;
  json["passed"] = report.passed();
  if (!report.unsupported.empty()) json["unsupported"] = report.unsupported;
  if (!report.error.empty()) json["error"] = report.error;
  json["facts"] = report.facts;
  json["stages"] = nlohmann::ordered_json::array();
  for (const StageResult& stage : report.stages) {
    nlohmann::ordered_json row;
    row["stage"] = stage.stage;
    row["input"] = InputName(stage.input);
    row["max_error"] = stage.max_error;
    row["mean_error"] = stage.mean_error;
    row["allowed_max"] = stage.tolerance.max;
    if (stage.tolerance.mean) row["allowed_mean"] = *stage.tolerance.mean;
    row["passed"] = stage.passed;
    if (!stage.detail.empty()) row["detail"] = stage.detail;
    json["stages"].push_back(std::move(row));
  }
  json["notes"] = report.notes;
  json["frames_sha256"] = report.frames_sha256;
  return json;
}

}  // namespace wan

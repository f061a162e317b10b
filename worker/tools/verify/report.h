#ifndef WAN_WORKER_TOOLS_VERIFY_REPORT_H_
#define WAN_WORKER_TOOLS_VERIFY_REPORT_H_

#include <ATen/core/Tensor.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "worker/tools/verify/golden_case.h"

namespace wan {

// How a stage got its input: the reference's own value, or what our run had made so far.
enum class StageInput { kReference, kEndToEnd };

struct StageResult {
  std::string stage;
  StageInput input = StageInput::kReference;
  double max_error = 0;  // NaN where either side is not finite
  double mean_error = 0;
  Tolerance tolerance;
  bool passed = false;
  std::string detail;  // where the largest difference is, or why nothing could be compared
};

// What one case gave.
struct CaseReport {
  std::string name;
  std::string kind;
  std::string unsupported;  // why it cannot be run; empty where it can
  std::string error;        // it broke off
  std::vector<StageResult> stages;
  std::vector<std::string> notes;            // known differences, probes that are not compared
  std::map<std::string, std::string> facts;  // dtype, device, attention backend, …
  std::vector<std::string> frames_sha256;    // of each video's uint8 frames, end to end

  bool passed() const;

  // Compares and records. Tensors of other shapes fail.
  void Compare(const std::string& stage, StageInput input, const at::Tensor& actual, const at::Tensor& expected,
               const Tolerance& tolerance);
  // Compares within what case.json states; a case without a tolerance for the stage fails it.
  void Compare(const GoldenCase& golden, const std::string& stage, StageInput input, const at::Tensor& actual);
  // Records the comparison of two texts.
  void CompareText(const std::string& stage, const std::string& actual, const std::string& expected);
};

void PrintTable(const CaseReport& report, std::ostream& out);
nlohmann::ordered_json ToJson(const CaseReport& report);

}  // namespace wan

#endif  // WAN_WORKER_TOOLS_VERIFY_REPORT_H_

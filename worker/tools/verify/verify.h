#ifndef WAN_WORKER_TOOLS_VERIFY_VERIFY_H_
#define WAN_WORKER_TOOLS_VERIFY_VERIFY_H_

#include <string>

#include "worker/tools/verify/golden_case.h"
#include "worker/tools/verify/report.h"

namespace wan {

struct VerifyOptions {
  std::string model;           // folder; empty: found from the case
  std::string dtype;           // "f32", "bf16"; empty: what the case was made with
  std::string device = "cpu";  // "cpu", "cuda:0"
  int64_t threads = 0;         // 0: as a rank would choose
};

// Runs one case stage by stage and end to end. Never throws and never skips silently: what cannot be run is
// `unsupported`, what breaks off is `error`. Compute thread.
CaseReport VerifyCase(const std::string& folder, const VerifyOptions& options);

// One function for each kind; they throw std::exception where tensor code does and return how the set-up failed.
absl::Status VerifyPipeline(const GoldenCase& golden, const VerifyOptions& options, CaseReport& report);
absl::Status VerifyBf16Forward(const GoldenCase& golden, const VerifyOptions& options, CaseReport& report);
absl::Status VerifyScheduler(const GoldenCase& golden, const VerifyOptions& options, CaseReport& report);
absl::Status VerifyVae(const GoldenCase& golden, const VerifyOptions& options, CaseReport& report);
absl::Status VerifyText(const GoldenCase& golden, const VerifyOptions& options, CaseReport& report);

// Empty where this build can run the case, else the reason.
std::string WhyUnsupported(const GoldenCase& golden);

}  // namespace wan

#endif  // WAN_WORKER_TOOLS_VERIFY_VERIFY_H_

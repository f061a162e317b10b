#include "server/ring/run_verdict.h"

#include <string>

#include "common/error.h"

namespace wan {

RunVerdict JudgeRun(const absl::Status& status, bool has_started) {
  if (status.ok()) return RunVerdict::kFinished;
  const std::string reason = GetErrorDetails(status).reason;
  if (reason == kRingBusy) return RunVerdict::kNotTaken;
  if (reason == kRingDraining) return RunVerdict::kDrained;
  if (reason == kRingLost) return has_started ? RunVerdict::kLost : RunVerdict::kNotTaken;
  if (reason == kJobCancelled) return RunVerdict::kLost;  // not by us
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnknown:
      return reason.empty() ? RunVerdict::kLost : RunVerdict::kFinal;
    default:
      return RunVerdict::kFinal;
  }
}

}  // namespace wan

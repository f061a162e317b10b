#include "server/job/job_state.h"

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace wan {

absl::string_view JobStateName(JobState state) {
  switch (state) {
    case JobState::kQueued:
      return "QUEUED";
    case JobState::kRunning:
      return "RUNNING";
    case JobState::kSucceeded:
      return "SUCCEEDED";
    case JobState::kFailed:
      return "FAILED";
    case JobState::kCancelled:
      return "CANCELLED";
    case JobState::kExpired:
      return "EXPIRED";
  }
  WAN_CHECK(false && "no such job state");
}

std::optional<JobState> ParseJobState(absl::string_view name) {
  for (const JobState state : kAllJobStates) {
    if (JobStateName(state) == name) return state;
  }
  return std::nullopt;
}

bool IsFinal(JobState state) { return state != JobState::kQueued && state != JobState::kRunning; }

absl::Status CheckTransition(JobState from, JobState to) {
  bool allowed = false;
  switch (from) {
    case JobState::kQueued:
      allowed =
          to == JobState::kRunning || to == JobState::kCancelled || to == JobState::kExpired || to == JobState::kFailed;
      break;
    case JobState::kRunning:
      allowed = to == JobState::kQueued || to == JobState::kSucceeded || to == JobState::kFailed ||
                to == JobState::kCancelled;
      break;
    case JobState::kSucceeded:
    case JobState::kFailed:
    case JobState::kCancelled:
    case JobState::kExpired:
      break;
  }
  if (allowed) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("a job does not go from ", JobStateName(from), " to ", JobStateName(to)));
}

}  // namespace wan

// The life of a job:
//
//   QUEUED ──► RUNNING ──► SUCCEEDED | FAILED | CANCELLED
//     │ ▲         │
//     │ └─────────┘  ring lost or busy, server restarted or drained
//     └──► CANCELLED | EXPIRED | FAILED (nothing can ever run it)
//
// Stores change a state only after CheckTransition().
#ifndef WAN_SERVER_JOB_JOB_STATE_H_
#define WAN_SERVER_JOB_JOB_STATE_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace wan {

enum class JobState { kQueued, kRunning, kSucceeded, kFailed, kCancelled, kExpired };

inline constexpr JobState kAllJobStates[] = {JobState::kQueued, JobState::kRunning,   JobState::kSucceeded,
                                             JobState::kFailed, JobState::kCancelled, JobState::kExpired};

absl::string_view JobStateName(JobState state);  // "QUEUED", as in the API
std::optional<JobState> ParseJobState(absl::string_view name);

// SUCCEEDED, FAILED, CANCELLED, EXPIRED: nothing leaves them.
bool IsFinal(JobState state);

// FAILED_PRECONDITION naming both states when the table has no such arrow.
absl::Status CheckTransition(JobState from, JobState to);

}  // namespace wan

#endif  // WAN_SERVER_JOB_JOB_STATE_H_

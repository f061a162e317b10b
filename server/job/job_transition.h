// What each event of a job's life does to its record, for every kind of store: a store loads the row, applies one of
// these and writes the row back, all in one transaction. Only these assign Job::state.
#ifndef WAN_SERVER_JOB_JOB_TRANSITION_H_
#define WAN_SERVER_JOB_JOB_TRANSITION_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/job/job.h"
#include "server/job/job_store.h"

namespace wan {

// On an error each leaves the job as it was. Meaning and errors: the methods of JobStore.
absl::Status ApplyClaim(Job& job, const ClaimFilter& filter, absl::Time now);
absl::Status ApplyUpdate(Job& job, JobState from, const JobUpdate& update, absl::Time now);
absl::Status ApplyRecovery(Job& job, absl::Time now);

// True when the job changed.
bool ApplyCancelRequest(Job& job, absl::Time now);

// FAILED_PRECONDITION when `owner` does not run this attempt.
absl::Status CheckLease(const Job& job, absl::string_view owner, int attempt);

}  // namespace wan

#endif  // WAN_SERVER_JOB_JOB_TRANSITION_H_

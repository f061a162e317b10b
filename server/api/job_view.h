#ifndef WAN_SERVER_API_JOB_VIEW_H_
#define WAN_SERVER_API_JOB_VIEW_H_

#include "absl/status/statusor.h"
#include "server/job/job_events.h"
#include "server/job/job_store.h"
#include "wan/v1/job.pb.h"

namespace wan {

// A job as the API shows it now: its record with queue position and progress. Errors of the store.
absl::StatusOr<v1::Job> ViewJob(const Job& job, JobStore& store, const JobEvents& events);

}  // namespace wan

#endif  // WAN_SERVER_API_JOB_VIEW_H_

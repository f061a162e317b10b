#ifndef WAN_SERVER_API_JOB_LISTING_H_
#define WAN_SERVER_API_JOB_LISTING_H_

#include "absl/status/statusor.h"
#include "server/job/job_events.h"
#include "server/job/job_store.h"
#include "wan/v1/video_generation.pb.h"

namespace wan {

// ListJobs. A page has fewer jobs than asked for where more would not fit into the 4 MiB that clients take.
// INVALID_ARGUMENT / INVALID_REQUEST with the violations.
absl::StatusOr<v1::ListJobsResponse> ListJobs(const v1::ListJobsRequest& request, JobStore& store,
                                              const JobEvents& events);

}  // namespace wan

#endif  // WAN_SERVER_API_JOB_LISTING_H_

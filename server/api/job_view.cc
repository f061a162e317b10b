#include "server/api/job_view.h"

#include "common/status_macros.h"
#include "server/api/job_proto.h"

namespace wan {

absl::StatusOr<v1::Job> ViewJob(const Job& job, JobStore& store, const JobEvents& events) {
  int64_t queue_position = 0;
  if (job.state == JobState::kQueued) {
    WAN_ASSIGN_OR_RETURN(queue_position, store.QueuePosition(job.id));
  }
  return JobToProto(job, queue_position, events.ProgressOf(job));
}

}  // namespace wan

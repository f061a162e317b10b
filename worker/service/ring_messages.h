// Our structs to the messages of wan.worker.v1.
#ifndef WAN_WORKER_SERVICE_RING_MESSAGES_H_
#define WAN_WORKER_SERVICE_RING_MESSAGES_H_

#include "absl/time/time.h"
#include "wan/worker/v1/ring_worker.pb.h"
#include "worker/ring/job_run.h"
#include "worker/ring/ring_status.h"

namespace wan {

wan::v1::Progress ProgressToProto(const JobProgress& progress);
worker::v1::RingStatus StatusToProto(const RingInfo& info, const RingStatus::Snapshot& now, absl::Duration uptime);
worker::v1::Completed ResultToProto(const JobRun& job, const JobResult& result);

}  // namespace wan

#endif  // WAN_WORKER_SERVICE_RING_MESSAGES_H_

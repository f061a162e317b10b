#ifndef WAN_SERVER_RING_RUN_VERDICT_H_
#define WAN_SERVER_RING_RUN_VERDICT_H_

#include "absl/status/status.h"

namespace wan {

// What the end of a ring's Execute call means for its job.
enum class RunVerdict {
  kFinished,  // OK
  kFinal,     // the ring reported an error: the job fails with it
  kNotTaken,  // the ring began no run: as if never claimed
  kDrained,   // the ring stops: back to the queue, no attempt charged
  kLost,      // the ring vanished: back to the queue while attempts are left
};

// For calls that the server did not cancel itself. Reported errors carry a reason or a code that gRPC does not make up;
// UNAVAILABLE, CANCELLED and UNKNOWN are what gRPC gives when a connection or a process ends under a call. A ring that
// itself says, before it has `started`, that it is lost took no job; one that vanished may have died of it.
RunVerdict JudgeRun(const absl::Status& status, bool has_started);

}  // namespace wan

#endif  // WAN_SERVER_RING_RUN_VERDICT_H_

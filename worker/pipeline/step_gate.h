#ifndef WAN_WORKER_PIPELINE_STEP_GATE_H_
#define WAN_WORKER_PIPELINE_STEP_GATE_H_

#include "absl/status/status.h"
#include "worker/pipeline/progress.h"

namespace wan {

// Where the ranks of a ring agree, after prompt encoding, each denoising step and each decoded chunk: progress and
// each rank's own verdict go up, cancel and deadline come down. Collective; compute thread.
class StepGate {
 public:
  virtual ~StepGate() = default;

  // `local` is this rank's verdict on the work just done. Returns the ring's: the first verdict that is not OK, or
  // CANCELLED / JOB_CANCELLED, DEADLINE_EXCEEDED / JOB_TIMEOUT; the same on every rank. The pipeline returns it.
  virtual absl::Status Pass(const Progress& progress, absl::Status local) = 0;
};

}  // namespace wan

#endif  // WAN_WORKER_PIPELINE_STEP_GATE_H_

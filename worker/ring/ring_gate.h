#ifndef WAN_WORKER_RING_RING_GATE_H_
#define WAN_WORKER_RING_RING_GATE_H_

#include <functional>
#include <vector>

#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/pipeline/step_gate.h"
#include "worker/ring/job_run.h"
#include "worker/ring/remaining_time.h"
#include "worker/ring/ring_metrics.h"

namespace wan {

// The gate of one job in a ring of one rank: progress goes to the job and the metrics, the job's cancel flag and
// deadline come back. Compute thread.
class RingGate final : public StepGate {
 public:
  struct Context {  // all borrowed, and living longer than the gate
    JobRun& job;
    LearntRates& rates;
    RingMetrics& metrics;
    Clock& clock;
    const std::function<void()>& step_passed;  // called after each denoising step; may be empty
  };
  explicit RingGate(Context context);

  absl::Status Pass(const Progress& progress, absl::Status local) override;

  // The same verdict without progress: before the first work and between phases.
  absl::Status Verdict() const;

  // Enters a phase that has no steps of its own (muxing), or ends the last one: closes the phase before it.
  void Enter(Phase phase);
  void End();

  // Time from the job's start to End() by phase: each gate's time counts for the phase that passed it.
  const std::vector<PhaseTime>& phases() const { return phases_; }
  int64_t transformer_forwards() const { return forwards_; }

 private:
  absl::Duration Count(Phase phase);
  void Publish(const Progress& progress);

  const Context context_;
  RemainingTime remaining_;
  absl::Time last_pass_;
  Phase phase_ = Phase::kLoading;
  int64_t forwards_ = 0;
  std::vector<PhaseTime> phases_;
};

}  // namespace wan

#endif  // WAN_WORKER_RING_RING_GATE_H_

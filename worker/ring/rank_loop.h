#ifndef WAN_WORKER_RING_RANK_LOOP_H_
#define WAN_WORKER_RING_RANK_LOOP_H_

#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/clock.h"
#include "worker/ring/generation_pipeline.h"
#include "worker/ring/job_run.h"
#include "worker/ring/remaining_time.h"
#include "worker/ring/ring_metrics.h"
#include "worker/ring/ring_status.h"

namespace wan {

// The compute thread of a rank: loads the pipeline, then runs one job after the other. It holds the program's only
// catch of what tensor code throws. Two kinds of failure: a reported one (a Status, or memory that ran out) ends the
// job and the ring lives; anything else that is thrown ends the rank: the job's caller gets UNAVAILABLE / RING_LOST
// with the reason, and the process exits, since no half-broken device state is worth keeping.
class RankLoop {
 public:
  struct Options {
    std::function<absl::StatusOr<std::unique_ptr<GenerationPipeline>>()> load;
    std::function<absl::StatusOr<std::unique_ptr<VideoOutput>>(const JobRun& job)> open_output;
    std::function<std::optional<int64_t>()> free_memory;  // of the device, in bytes; may be empty
    std::function<void()> step_passed;                    // after each denoising step; may be empty
  };

  // Starts the thread. `status`, `mailbox`, `metrics` and `clock` are borrowed. A failure() calls status.Fail().
  RankLoop(Options options, RingStatus& status, JobMailbox& mailbox, RingMetrics& metrics, Clock& clock);

  // Closes the mailbox and waits for the thread: at most for the running job, or for loading.
  ~RankLoop();

  // Why the rank must exit, OK while it need not: what was thrown, as UNAVAILABLE, or what `load` returned. Any thread.
  absl::Status failure() const;

 private:
  void Run();
  std::unique_ptr<GenerationPipeline> Load();
  absl::StatusOr<JobResult> RunJob(GenerationPipeline& pipeline, JobRun& job);
  void Fail(const absl::Status& error);
  void ReportMemory();

  const Options options_;
  RingStatus& status_;
  JobMailbox& mailbox_;
  RingMetrics& metrics_;
  Clock& clock_;
  LearntRates rates_;  // compute thread
  mutable absl::Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: sees all of the above
};

}  // namespace wan

#endif  // WAN_WORKER_RING_RANK_LOOP_H_

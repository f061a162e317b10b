#ifndef WAN_WORKER_RING_JOB_RUN_H_
#define WAN_WORKER_RING_JOB_RUN_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/channel.h"
#include "common/generation/spec.h"
#include "worker/pipeline/progress.h"

namespace wan {

// Where a job stands, as its watchers see it.
struct JobProgress {
  Phase phase = Phase::kLoading;
  int64_t video_index = 0;
  int64_t step = 0;
  int64_t of = 0;
  absl::Duration step_duration = {};                      // running mean of this phase; zero before the first step
  std::optional<absl::Duration> remaining_duration = {};  // of the whole job; absent while there is no basis
};

// One finished video on the leader's disk.
struct RenderedVideo {
  int64_t index = 0;
  std::string path = {};
  int64_t size_bytes = 0;
  int64_t num_frames = 0;
  std::string sha256 = {};  // of the file, lower-case hex
  absl::Duration encode_time = {};
};

struct PhaseTime {
  Phase phase = Phase::kLoading;
  absl::Duration duration = {};
};

struct JobResult {
  std::vector<RenderedVideo> videos = {};  // by index
  std::vector<PhaseTime> phases = {};      // in the order in which they were first entered
  int64_t transformer_forwards = 0;
};

// One execution of a job: where the handler of its call and the compute thread meet. Progress goes up (the newest
// replaces one that nobody has read, so a slow reader never holds up a step), the cancel flag goes down.
class JobRun {
 public:
  struct Options {
    std::string job_id = {};
    int64_t attempt = 1;
    GenerationSpec spec = {};
    std::string scratch_dir = {};  // exists until Finish(); its videos belong in there
    absl::Time deadline = absl::InfiniteFuture();
  };
  explicit JobRun(Options options) : options_(std::move(options)) {}

  const std::string& job_id() const { return options_.job_id; }
  int64_t attempt() const { return options_.attempt; }
  const GenerationSpec& spec() const { return options_.spec; }
  const std::string& scratch_dir() const { return options_.scratch_dir; }
  absl::Time deadline() const { return options_.deadline; }

  // Any thread. The job ends at its next gate.
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

  // Compute thread. Finish() is called exactly once and last: nothing of the job is touched by that thread afterwards.
  void Publish(const JobProgress& progress);
  void Finish(absl::StatusOr<JobResult> result);

  // Handler: waits up to `timeout` for progress that was not taken yet, or the end. nullopt: neither came, or the end
  // came and all progress is taken.
  std::optional<JobProgress> TakeProgress(absl::Duration timeout);
  bool finished() const;
  // Precondition: finished().
  absl::StatusOr<JobResult> result() const;

 private:
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return progress_.has_value() || result_.has_value(); }

  const Options options_;
  std::atomic<bool> cancelled_{false};
  mutable absl::Mutex mutex_;
  std::optional<JobProgress> progress_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::StatusOr<JobResult>> result_ ABSL_GUARDED_BY(mutex_);
};

// Where the handler of Execute puts the job that RingStatus::BeginJob() admitted, and the compute thread finds it.
using JobMailbox = Channel<std::shared_ptr<JobRun>>;

}  // namespace wan

#endif  // WAN_WORKER_RING_JOB_RUN_H_

#ifndef WAN_WORKER_RING_RING_STATUS_H_
#define WAN_WORKER_RING_RING_STATUS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace wan {

enum class RingState { kStarting, kLoading, kReady, kBusy, kDraining };

// What does not change in one life of a ring.
struct RingInfo {
  std::string model = {};
  std::string device = {};
  std::string layout = {};  // how a job's work is dealt to the ranks, "1" for a ring of one
  int64_t world_size = 1;
  int64_t generation = 0;  // tells this life of the ring from earlier ones
  std::vector<std::string> codecs = {};
};

// The one truth about whether the ring takes a job: at most one runs, from BeginJob() to EndJob().
//   STARTING → LOADING → READY ⇄ BUSY, and DRAINING for ever from anywhere.
// Any thread.
class RingStatus {
 public:
  struct Snapshot {
    RingState state = RingState::kStarting;
    std::string job_id;     // the job that runs, also while draining
    std::string dtype;      // what "auto" became; empty before READY
    uint64_t revision = 0;  // grows with each change
    bool closed = false;    // no change will come
  };

  explicit RingStatus(RingInfo info) : info_(std::move(info)) {}

  const RingInfo& info() const { return info_; }

  void SetLoading();
  void SetReady(const std::string& dtype);

  // Takes the ring for one job. RESOURCE_EXHAUSTED / RING_BUSY while another one runs or the models are loading,
  // UNAVAILABLE / RING_DRAINING, UNAVAILABLE / RING_LOST after Fail().
  absl::Status BeginJob(const std::string& job_id);
  void EndJob();

  // No new job from now on; the running one goes on.
  void Drain();
  // A rank is about to exit because of an error: as Drain(), but the refusal says so.
  void Fail();
  // Blocks until Drain() or Fail() was called and no job runs.
  void WaitUntilOver() const;

  Snapshot Get() const;
  // Waits until the revision is no longer `seen`, Close() or `timeout`.
  Snapshot WaitForChange(uint64_t seen, absl::Duration timeout) const;
  // Wakes everybody for good.
  void Close();

 private:
  bool IsOver() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return now_.state == RingState::kDraining && now_.job_id.empty();
  }

  const RingInfo info_;
  mutable absl::Mutex mutex_;
  Snapshot now_ ABSL_GUARDED_BY(mutex_);
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace wan

#endif  // WAN_WORKER_RING_RING_STATUS_H_

// Admission and wake-up around the job table: who submits wakes who waits to run. The waiting jobs themselves are rows
// of the store.
#ifndef WAN_SERVER_JOB_JOB_QUEUE_H_
#define WAN_SERVER_JOB_JOB_QUEUE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/job/job_store.h"

namespace wan {

// Any thread.
class JobQueue {
 public:
  struct Limits {
    int64_t max_queued_jobs = 1000;
    int max_attempts = 2;  // given to new jobs; overrides NewJob.max_attempts
  };

  JobQueue(JobStore& store, Limits limits);

  // Insert() with the limits, then wakes the waiters of the job's model.
  absl::StatusOr<InsertedJob> Submit(NewJob job);

  // Claims a job of filter.models, waiting for one up to `timeout`. nullopt when there was none, or when
  // `may_claim` gave false: it is asked before each claim and after each Wake(), without a lock of the queue.
  absl::StatusOr<std::optional<Job>> Claim(const ClaimFilter& filter, absl::Duration timeout,
                                           absl::FunctionRef<bool()> may_claim);

  // Makes every waiting Claim() ask `may_claim` again: a ring changed, the server drains.
  void Wake();

  // Give a claimed job back; each fails with FAILED_PRECONDITION when the job is no longer RUNNING in job.attempt. The
  // returned job says what became of it (CANCELLED when that was asked meanwhile).
  //
  // The ring took no job (RING_BUSY): as if never claimed.
  absl::StatusOr<Job> ReturnUnstarted(const Job& job);
  // This server stops: no attempt is charged.
  absl::StatusOr<Job> ReturnForDrain(const Job& job);
  // The ring was lost in the middle: QUEUED while attempts are left, else FAILED with ABORTED / RING_LOST and `cause`'s
  // message.
  absl::StatusOr<Job> ReturnLost(const Job& job, const absl::Status& cause);

 private:
  absl::StatusOr<Job> Return(const Job& job, const JobUpdate& update);
  void WakeModel(const std::string& model);
  uint64_t VersionOf(const std::vector<std::string>& models) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  JobStore& store_;
  const Limits limits_;

  mutable absl::Mutex mutex_;
  std::map<std::string, uint64_t> versions_
      ABSL_GUARDED_BY(mutex_);  // by model: counts what may have made a job claimable
  uint64_t wakes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace wan

#endif  // WAN_SERVER_JOB_JOB_QUEUE_H_

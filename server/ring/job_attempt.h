// One attempt of one job on one ring: what the ring's events do to the job, and what the end of the call means for it.
#ifndef WAN_SERVER_RING_JOB_ATTEMPT_H_
#define WAN_SERVER_RING_JOB_ATTEMPT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/job/job_events.h"
#include "server/job/job_queue.h"
#include "server/job/job_store.h"
#include "server/metrics/server_metrics.h"
#include "server/result/result_store.h"
#include "server/ring/result_receiver.h"
#include "server/ring/run_verdict.h"
#include "wan/worker/v1/ring_worker.pb.h"

namespace wan {

// What a run needs of the server. All borrowed.
struct RunContext {
  JobStore& store;
  JobQueue& queue;
  JobEvents& events;
  ResultStore& results;
  ServerMetrics& metrics;
};

struct LeaseOptions {
  std::string owner;  // this server
  absl::Duration duration;
};

// One thread.
class JobAttempt {
 public:
  // `job` as Claim() gave it.
  JobAttempt(const Job& job, RunContext context, LeaseOptions lease);

  const Job& job() const { return job_; }
  worker::v1::ExecuteRequest Request() const;

  // An error is the reason to cancel the call: INTERNAL / STORAGE when the result cannot be kept, FAILED_PRECONDITION
  // when the job is no longer this attempt's.
  absl::Status Accept(const worker::v1::ExecuteEvent& event);

  // Stores what became of the job and tells watchers and metrics. `end` is the status of the call, or of what kept it
  // from being made; `is_draining`: this server ended the call because it stops. An error leaves the job RUNNING: with
  // INTERNAL / STORAGE the call may be repeated, with any other the job is another's.
  absl::StatusOr<Job> Settle(const absl::Status& end, bool is_draining);

  // What the call's end was found to mean. After Settle().
  RunVerdict verdict() const { return verdict_; }

 private:
  absl::Status AcceptChunk(const worker::v1::VideoChunk& chunk);
  absl::Status RenewLease();
  absl::StatusOr<Job> Store(bool is_draining);
  absl::StatusOr<Job> Return(bool is_draining, absl::string_view* reason);
  absl::StatusOr<Job> End(JobState to, const absl::Status& error);
  void CountSuccess();

  const Job job_;
  const RunContext context_;
  const LeaseOptions lease_;
  ResultReceiver receiver_;

  bool has_started_ = false;
  std::optional<worker::v1::Completed> completed_;
  std::optional<absl::Time> publishing_since_;
  int publishing_index_ = -1;
  absl::Time lease_renewed_;

  std::optional<absl::Status> outcome_;  // of call and result together
  RunVerdict verdict_ = RunVerdict::kFinal;
  std::vector<JobVideo> videos_;  // committed
};

}  // namespace wan

#endif  // WAN_SERVER_RING_JOB_ATTEMPT_H_

// One ring's thread: wait until the ring is ready, claim a job, run it there, settle what came of it.
#ifndef WAN_SERVER_RING_RING_RUNNER_H_
#define WAN_SERVER_RING_RING_RUNNER_H_

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/config/server_config.h"
#include "server/ring/job_attempt.h"
#include "server/ring/ring_client.h"
#include "wan/v1/admin.pb.h"

namespace wan {

class RingRunner {
 public:
  struct Options {
    LeaseOptions lease;
    absl::Duration retry_delay = absl::Seconds(1);        // when the job table cannot be read or written
    absl::Duration not_taken_delay = absl::Seconds(0.5);  // after RING_BUSY, unless the ring's state changes before
    RingClientOptions client;
  };

  // `on_change` is called from any thread, without a lock, when the ring's state may have changed.
  RingRunner(RingConfig config, RunContext context, Options options, std::function<void(const RingRunner&)> on_change);
  // Leaves a running job as a crash would: RUNNING in the table, for RecoverOwn() of the next start.
  ~RingRunner();

  // From here any thread.

  void StartClaiming();  // it watches the ring before, but runs nothing

  const std::string& name() const { return config_.name; }
  // The ring as operators see it.
  v1::Ring View() const;
  // True when the ring has its model (the configured one) loaded: it takes a job or runs one.
  bool IsReady() const;
  // True when the ring can be reached and would run jobs of this model, now or later.
  bool Serves(const std::string& model) const;

  void StopClaiming();
  // True when no job runs here, false at `deadline`. After StopClaiming().
  bool WaitIdle(absl::Time deadline) const;
  // Ends the running job, if any, and puts it back into the queue. After StopClaiming().
  void RequeueRunning();
  // Ends the job if it runs here. Its cancel_requested is in the table already.
  void Cancel(const std::string& job_id);

 private:
  enum class StopReason { kNone, kCancel, kDrain, kAbandon };  // a later one overrides an earlier one
  struct Current {
    std::string job_id;
    StopReason reason = StopReason::kNone;
    std::stop_source stop;
  };

  void Loop();
  bool BeginTurn();
  void EndTurn();
  bool MayClaim() const;
  std::string Model(const RingClient::Snapshot& snapshot) const;
  std::optional<Job> Claim();
  void RunJob(const Job& job);
  absl::Status CheckBeforeStart(const Job& job);
  void Settle(JobAttempt& attempt, const absl::Status& end);
  void Stop(const std::string* job_id, StopReason reason);
  StopReason stop_reason() const;
  bool Pause(absl::Duration duration) const;

  const RingConfig config_;
  const RunContext context_;
  const Options options_;
  const std::function<void(const RingRunner&)> on_change_;

  mutable absl::Mutex mutex_;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;  // the thread ends
  bool is_claiming_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_requeueing_ ABSL_GUARDED_BY(mutex_) = false;  // a job that was claimed meanwhile goes back as well
  bool is_idle_ ABSL_GUARDED_BY(mutex_) = true;         // false from before a claim to the end of its job
  std::optional<Current> current_ ABSL_GUARDED_BY(mutex_);

  RingClient client_;
  std::thread thread_;  // last: starts when all is there
};

}  // namespace wan

#endif  // WAN_SERVER_RING_RING_RUNNER_H_

// The newest event of each live job, and who wants to hear of it. A watcher that is slow misses events in between,
// never the newest: nothing is queued for it.
//
// Watching: Subscribe(), then read the job from the store and Publish() it (a change between the two is not lost, an
// older state than the known one is ignored), then Take() at once and after each wake until the job is final.
#ifndef WAN_SERVER_JOB_JOB_EVENTS_H_
#define WAN_SERVER_JOB_JOB_EVENTS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/job/job.h"
#include "wan/v1/job.pb.h"

namespace wan {

struct JobSnapshot {
  // Grows within one job, over restarts of the server too: Job.sequence in the upper bits, progress since then below.
  int64_t sequence = 0;
  Job job;
  std::optional<wan::v1::Progress> progress;  // of a RUNNING job
};

// Any thread. Must outlive its subscriptions.
class JobEvents {
 public:
  class Subscription {
   public:
    // When it returns, `wake` is not running and will not be called. Not from within `wake`, and not with a lock held
    // that `wake` takes.
    ~Subscription();

    // The newest event if it was not taken before.
    std::optional<JobSnapshot> Take();

   private:
    friend class JobEvents;
    struct State;
    Subscription(JobEvents& events, std::shared_ptr<State> state);
    JobEvents& events_;
    const std::shared_ptr<State> state_;
  };

  JobEvents();
  ~JobEvents();

  // `wake` is called, from any thread and without a lock of this class that Publish() or Take() needs, when there may
  // be something to Take(). It must not block and must not publish; it may call Take().
  std::unique_ptr<Subscription> Subscribe(const std::string& job_id, std::function<void()> wake);

  // A job as the store gave it; ignored when a newer state of it is known.
  void Publish(const Job& job);

  // Progress of a RUNNING job; ignored unless `attempt` is the known one.
  void PublishProgress(const std::string& job_id, int attempt, const wan::v1::Progress& progress);

  // A job left the queue: watchers of QUEUED jobs are woken, since their position changed.
  void QueueMoved();

  // The latest progress of a RUNNING job (for GetJob); nullopt when none is known for this attempt.
  std::optional<wan::v1::Progress> ProgressOf(const Job& job) const;

  // Jobs held in memory: live ones that were published, and watched ones.
  size_t size() const;

 private:
  struct Entry;
  void Unsubscribe(const std::shared_ptr<Subscription::State>& state);

  mutable absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);  // by job id
};

}  // namespace wan

#endif  // WAN_SERVER_JOB_JOB_EVENTS_H_

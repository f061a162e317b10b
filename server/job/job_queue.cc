#include "server/job/job_queue.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/status_macros.h"

namespace wan {

JobQueue::JobQueue(JobStore& store, Limits limits) : store_(store), limits_(limits) {}

absl::StatusOr<InsertedJob> JobQueue::Submit(NewJob job) {
  job.max_attempts = limits_.max_attempts;
  WAN_ASSIGN_OR_RETURN(InsertedJob inserted, store_.Insert(job, limits_.max_queued_jobs));
  if (inserted.is_new) WakeModel(job.resolved.spec.model);
  return inserted;
}

absl::StatusOr<std::optional<Job>> JobQueue::Claim(const ClaimFilter& filter, absl::Duration timeout,
                                                   absl::FunctionRef<bool()> may_claim) {
  const absl::Time deadline = absl::Now() + timeout;
  while (true) {
    uint64_t seen = 0;
    {
      absl::MutexLock lock(&mutex_);
      seen = VersionOf(filter.models);  // before the claim: a job that comes after it changes the version
    }
    if (!may_claim()) return std::nullopt;
    WAN_ASSIGN_OR_RETURN(std::optional<Job> job, store_.Claim(filter));
    if (job.has_value()) return job;

    const auto has_changed = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return VersionOf(filter.models) != seen; };
    absl::MutexLock lock(&mutex_);
    if (!mutex_.AwaitWithDeadline(absl::Condition(&has_changed), deadline)) return std::nullopt;
  }
}

void JobQueue::Wake() {
  absl::MutexLock lock(&mutex_);
  ++wakes_;
}

absl::StatusOr<Job> JobQueue::ReturnUnstarted(const Job& job) {
  JobUpdate update;
  update.undo_claim = true;
  return Return(job, update);
}

absl::StatusOr<Job> JobQueue::ReturnForDrain(const Job& job) { return Return(job, JobUpdate()); }

absl::StatusOr<Job> JobQueue::ReturnLost(const Job& job, const absl::Status& cause) {
  JobUpdate update;
  const int lost = job.charged_attempts + 1;
  if (lost < job.max_attempts) {
    update.charge_attempt = true;
  } else {
    update.to = JobState::kFailed;
    update.error = MakeError(absl::StatusCode::kAborted, kRingLost,
                             absl::StrCat("ring ", job.ring, " was lost while it ran the job, ", lost, " of ",
                                          job.max_attempts, " attempts: ", cause.message()),
                             GetErrorDetails(cause).metadata);
  }
  return Return(job, update);
}

absl::StatusOr<Job> JobQueue::Return(const Job& job, const JobUpdate& update) {
  JobUpdate with_attempt = update;
  with_attempt.attempt = job.attempt;
  WAN_ASSIGN_OR_RETURN(Job returned, store_.Transition(job.id, JobState::kRunning, with_attempt));
  if (returned.state == JobState::kQueued) WakeModel(returned.resolved.spec.model);
  return returned;
}

void JobQueue::WakeModel(const std::string& model) {
  absl::MutexLock lock(&mutex_);
  ++versions_[model];
}

uint64_t JobQueue::VersionOf(const std::vector<std::string>& models) const {
  uint64_t version = wakes_;  // all parts only grow, so a sum that is equal means that none has
  for (const std::string& model : models) {
    if (const auto found = versions_.find(model); found != versions_.end()) version += found->second;
  }
  return version;
}

}  // namespace wan

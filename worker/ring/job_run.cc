#include "worker/ring/job_run.h"

#include <utility>

#include "common/log.h"

namespace wan {

void JobRun::Publish(const JobProgress& progress) {
  const absl::MutexLock lock(&mutex_);
  WAN_CHECK(!result_.has_value());
  progress_ = progress;
}

void JobRun::Finish(absl::StatusOr<JobResult> result) {
  const absl::MutexLock lock(&mutex_);
  WAN_CHECK(!result_.has_value());
  result_ = std::move(result);
}

std::optional<JobProgress> JobRun::TakeProgress(absl::Duration timeout) {
  const absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &JobRun::HasNews), timeout);
  return std::exchange(progress_, std::nullopt);
}

bool JobRun::finished() const {
  const absl::MutexLock lock(&mutex_);
  return result_.has_value();
}

absl::StatusOr<JobResult> JobRun::result() const {
  const absl::MutexLock lock(&mutex_);
  WAN_CHECK(result_.has_value());
  return *result_;
}

}  // namespace wan

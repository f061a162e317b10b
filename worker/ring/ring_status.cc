#include "worker/ring/ring_status.h"

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"

namespace wan {

void RingStatus::SetLoading() {
  const absl::MutexLock lock(&mutex_);
  if (now_.state != RingState::kStarting) return;
  now_.state = RingState::kLoading;
  ++now_.revision;
}

void RingStatus::SetReady(const std::string& dtype) {
  const absl::MutexLock lock(&mutex_);
  now_.dtype = dtype;
  if (now_.state == RingState::kDraining) return;
  now_.state = RingState::kReady;
  ++now_.revision;
}

absl::Status RingStatus::BeginJob(const std::string& job_id) {
  WAN_CHECK(!job_id.empty());
  const absl::MutexLock lock(&mutex_);
  if (failed_) return MakeError(absl::StatusCode::kUnavailable, kRingLost, "the ring is about to restart");
  switch (now_.state) {
    case RingState::kStarting:
    case RingState::kLoading:
      return MakeError(absl::StatusCode::kResourceExhausted, kRingBusy, "the ring is loading its models");
    case RingState::kBusy:
      return MakeError(absl::StatusCode::kResourceExhausted, kRingBusy,
                       absl::StrCat("the ring is running job ", now_.job_id));
    case RingState::kDraining:
      return MakeError(absl::StatusCode::kUnavailable, kRingDraining, "the ring is draining");
    case RingState::kReady:
      break;
  }
  now_.state = RingState::kBusy;
  now_.job_id = job_id;
  ++now_.revision;
  return absl::OkStatus();
}

void RingStatus::EndJob() {
  const absl::MutexLock lock(&mutex_);
  now_.job_id.clear();
  if (now_.state == RingState::kBusy) now_.state = RingState::kReady;
  ++now_.revision;
}

void RingStatus::Drain() {
  const absl::MutexLock lock(&mutex_);
  if (now_.state == RingState::kDraining) return;
  now_.state = RingState::kDraining;
  ++now_.revision;
}

void RingStatus::Fail() {
  const absl::MutexLock lock(&mutex_);
  failed_ = true;
  now_.state = RingState::kDraining;
  ++now_.revision;
}

void RingStatus::WaitUntilOver() const {
  const absl::MutexLock lock(&mutex_, absl::Condition(this, &RingStatus::IsOver));
}

RingStatus::Snapshot RingStatus::Get() const {
  const absl::MutexLock lock(&mutex_);
  return now_;
}

RingStatus::Snapshot RingStatus::WaitForChange(uint64_t seen, absl::Duration timeout) const {
  const absl::MutexLock lock(&mutex_);
  const auto changed = [this, seen]()
                           ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return now_.closed || now_.revision != seen; };
  mutex_.AwaitWithTimeout(absl::Condition(&changed), timeout);
  return now_;
}

void RingStatus::Close() {
  const absl::MutexLock lock(&mutex_);
  now_.closed = true;
}

}  // namespace wan

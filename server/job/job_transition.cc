#include "server/job/job_transition.h"

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "common/status_macros.h"

namespace wan {
namespace {

absl::Status CancelledError() { return MakeError(absl::StatusCode::kCancelled, kJobCancelled, "cancelled on request"); }

absl::Status Move(Job& job, JobState to) {
  if (const absl::Status status = CheckTransition(job.state, to); !status.ok()) {
    return Annotate(status, absl::StrCat("job ", job.id));
  }
  job.state = to;
  ++job.sequence;
  return absl::OkStatus();
}

void EndLease(Job& job) {
  job.lease_owner.clear();
  job.lease_until.reset();
}

absl::Status End(Job& job, JobState to, const absl::Status& error, absl::Time now) {
  WAN_RETURN_IF_ERROR(Move(job, to));
  job.error = error;
  job.end_time = now;
  EndLease(job);
  return absl::OkStatus();
}

absl::Status BackToQueue(Job& job, absl::Time now) {
  if (job.cancel_requested) return End(job, JobState::kCancelled, CancelledError(), now);
  WAN_RETURN_IF_ERROR(Move(job, JobState::kQueued));
  EndLease(job);
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyClaim(Job& job, const ClaimFilter& filter, absl::Time now) {
  WAN_RETURN_IF_ERROR(Move(job, JobState::kRunning));
  ++job.attempt;
  job.start_time = now;
  job.ring = filter.ring;
  job.lease_owner = filter.owner;
  job.lease_until = now + filter.lease;
  return absl::OkStatus();
}

absl::Status ApplyUpdate(Job& job, JobState from, const JobUpdate& update, absl::Time now) {
  if (job.state != from || (update.attempt.has_value() && job.attempt != *update.attempt)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "job ", job.id, " is ", JobStateName(job.state), " in attempt ", job.attempt, ", not ", JobStateName(from),
        update.attempt.has_value() ? absl::StrCat(" in attempt ", *update.attempt) : ""));
  }
  switch (update.to) {
    case JobState::kQueued:
      WAN_CHECK(!(update.charge_attempt && update.undo_claim));
      WAN_RETURN_IF_ERROR(BackToQueue(job, now));
      if (update.charge_attempt) ++job.charged_attempts;
      if (update.undo_claim) {
        --job.attempt;
        job.ring.clear();
        job.start_time.reset();
      }
      return absl::OkStatus();
    case JobState::kSucceeded:
      WAN_RETURN_IF_ERROR(End(job, update.to, absl::OkStatus(), now));
      job.videos = update.videos;
      return absl::OkStatus();
    case JobState::kFailed:
    case JobState::kCancelled:
    case JobState::kExpired:
      WAN_CHECK(!update.error.ok());
      return End(job, update.to, update.error, now);
    case JobState::kRunning:  // only by a claim, which sets a lease
      return absl::FailedPreconditionError(absl::StrCat("job ", job.id, ": only a claim makes a job RUNNING"));
  }
  WAN_CHECK(false && "no such job state");
}

absl::Status ApplyRecovery(Job& job, absl::Time now) { return BackToQueue(job, now); }

bool ApplyCancelRequest(Job& job, absl::Time now) {
  if (IsFinal(job.state) || job.cancel_requested) return false;
  job.cancel_requested = true;
  if (job.state == JobState::kQueued) {
    WAN_CHECK(End(job, JobState::kCancelled, CancelledError(), now).ok());
  } else {
    ++job.sequence;
  }
  return true;
}

absl::Status CheckLease(const Job& job, absl::string_view owner, int attempt) {
  if (job.state == JobState::kRunning && job.lease_owner == owner && job.attempt == attempt) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("job ", job.id, " is ", JobStateName(job.state), " in attempt ", job.attempt,
                   job.lease_owner.empty() ? "" : absl::StrCat(" of ", job.lease_owner), ", not RUNNING in attempt ",
                   attempt, " of ", owner));
}

}  // namespace wan

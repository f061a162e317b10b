#include "server/ring/job_attempt.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/generation/spec_proto.h"
#include "common/log.h"
#include "common/status_macros.h"

namespace wan {
namespace {

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

absl::Status CancelledError() { return MakeError(absl::StatusCode::kCancelled, kJobCancelled, "cancelled on request"); }

}  // namespace

JobAttempt::JobAttempt(const Job& job, RunContext context, LeaseOptions lease)
    : job_(job),
      context_(context),
      lease_(std::move(lease)),
      receiver_(job_, context_.results),
      lease_renewed_(absl::Now()) {}

worker::v1::ExecuteRequest JobAttempt::Request() const {
  worker::v1::ExecuteRequest request;
  request.set_job_id(job_.id);
  request.set_attempt(job_.attempt);
  *request.mutable_spec() = SpecToProto(job_.resolved.spec);
  return request;
}

absl::Status JobAttempt::Accept(const worker::v1::ExecuteEvent& event) {
  has_started_ = true;
  switch (event.event_case()) {
    case worker::v1::ExecuteEvent::kProgress:
      context_.events.PublishProgress(job_.id, job_.attempt, event.progress());
      break;
    case worker::v1::ExecuteEvent::kChunk:
      WAN_RETURN_IF_ERROR(AcceptChunk(event.chunk()));
      break;
    case worker::v1::ExecuteEvent::kCompleted:
      completed_ = event.completed();
      break;
    case worker::v1::ExecuteEvent::kStarted:
    case worker::v1::ExecuteEvent::EVENT_NOT_SET:  // of a newer ring
      break;
  }
  return RenewLease();
}

absl::Status JobAttempt::AcceptChunk(const worker::v1::VideoChunk& chunk) {
  if (!publishing_since_.has_value()) publishing_since_ = absl::Now();
  if (chunk.video_index() != publishing_index_) {
    publishing_index_ = chunk.video_index();
    v1::Progress progress;
    progress.set_phase(v1::PHASE_PUBLISHING);
    progress.set_video_index(publishing_index_);
    progress.set_step(publishing_index_);
    progress.set_of(static_cast<int32_t>(job_.resolved.spec.num_videos));
    context_.events.PublishProgress(job_.id, job_.attempt, progress);
  }
  return receiver_.Accept(chunk);
}

absl::Status JobAttempt::RenewLease() {
  const absl::Time now = absl::Now();
  if (now - lease_renewed_ < lease_.duration / 3) return absl::OkStatus();
  const absl::Status status = context_.store.RenewLease(job_.id, lease_.owner, job_.attempt, lease_.duration);
  if (absl::IsFailedPrecondition(status) || absl::IsNotFound(status)) return status;
  if (!status.ok()) {
    WAN_LOG(WARNING) << "job " << job_.id << ": renew its lease: " << status;
  }
  lease_renewed_ = now;
  return absl::OkStatus();
}

absl::StatusOr<Job> JobAttempt::Settle(const absl::Status& end, bool is_draining) {
  if (!outcome_.has_value()) {
    outcome_ = end;
    verdict_ = JudgeRun(end, has_started_);
    if (end.ok() && !completed_.has_value()) {
      outcome_ = MakeError(absl::StatusCode::kInternal, kStorage,
                           absl::StrCat("ring ", job_.ring, " sent no valid result: its call ended without one"));
    } else if (end.ok()) {
      absl::StatusOr<std::vector<JobVideo>> videos = receiver_.Commit(*completed_);
      outcome_ = videos.status();
      if (videos.ok()) videos_ = *std::move(videos);
    }
    if (end.ok() && !outcome_->ok()) verdict_ = RunVerdict::kFinal;
  }
  return Store(is_draining);
}

absl::StatusOr<Job> JobAttempt::Store(bool is_draining) {
  absl::string_view retry_reason;
  absl::StatusOr<Job> settled;
  if (verdict_ == RunVerdict::kFinished) {
    settled = End(JobState::kSucceeded, absl::OkStatus());
  } else if (verdict_ == RunVerdict::kFinal) {
    settled = End(JobState::kFailed, *outcome_);
  } else {
    settled = Return(is_draining, &retry_reason);
  }
  WAN_RETURN_IF_ERROR(settled.status());
  context_.events.Publish(*settled);
  if (verdict_ == RunVerdict::kFinished) CountSuccess();
  if (IsFinal(settled->state)) {
    context_.metrics.JobEnded(*settled);
  } else {
    context_.events.QueueMoved();  // it waits before younger jobs
    context_.metrics.JobRetried(job_.ring, retry_reason);
  }
  WAN_LOG(INFO) << "job " << job_.id << " attempt " << job_.attempt << " on ring " << job_.ring << ": "
                << JobStateName(settled->state) << (outcome_->ok() ? "" : ": ") << outcome_->message();
  return settled;
}

absl::StatusOr<Job> JobAttempt::Return(bool is_draining, absl::string_view* reason) {
  WAN_ASSIGN_OR_RETURN(const Job now, context_.store.Get(job_.id));
  if (now.cancel_requested) return End(JobState::kCancelled, CancelledError());
  if (is_draining) {
    *reason = kServerDraining;
    return context_.queue.ReturnForDrain(job_);
  }
  switch (verdict_) {
    case RunVerdict::kNotTaken:
      *reason = kRingBusy;
      return context_.queue.ReturnUnstarted(job_);
    case RunVerdict::kDrained:
      *reason = kRingDraining;
      return context_.queue.ReturnForDrain(job_);
    default:
      *reason = kRingLost;
      return context_.queue.ReturnLost(job_, *outcome_);
  }
}

absl::StatusOr<Job> JobAttempt::End(JobState to, const absl::Status& error) {
  JobUpdate update;
  update.to = to;
  update.attempt = job_.attempt;
  update.error = error;
  update.videos = videos_;
  return context_.store.Transition(job_.id, JobState::kRunning, update);
}

void JobAttempt::CountSuccess() {
  const std::string& model = job_.resolved.spec.model;
  for (const JobVideo& video : videos_) context_.metrics.VideoStored(video);
  for (const worker::v1::PhaseDuration& phase : completed_->durations()) {
    context_.metrics.PhaseEnded(phase.phase(), model, FromProto(phase.duration()));
  }
  if (publishing_since_.has_value()) {
    context_.metrics.PhaseEnded(v1::PHASE_PUBLISHING, model, absl::Now() - *publishing_since_);
  }
}

}  // namespace wan

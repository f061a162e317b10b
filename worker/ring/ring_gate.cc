#include "worker/ring/ring_gate.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace wan {

RingGate::RingGate(Context context)
    : context_(context), remaining_(context.job.spec(), context.rates), last_pass_(context.clock.Now()) {}

absl::Duration RingGate::Count(Phase phase) {
  const absl::Time now = context_.clock.Now();
  const absl::Duration duration = std::max(now - last_pass_, absl::ZeroDuration());
  last_pass_ = now;
  const auto found =
      std::find_if(phases_.begin(), phases_.end(), [phase](const PhaseTime& time) { return time.phase == phase; });
  if (found != phases_.end()) {
    found->duration += duration;
  } else {
    phases_.push_back({.phase = phase, .duration = duration});
  }
  return duration;
}

absl::Status RingGate::Verdict() const {
  // The deadline first: when it passes, the caller's end of the call is cancelled as well.
  if (context_.clock.Now() >= context_.job.deadline()) {
    return MakeError(absl::StatusCode::kDeadlineExceeded, kJobTimeout, "the job's time ran out");
  }
  if (context_.job.cancelled()) return MakeError(absl::StatusCode::kCancelled, kJobCancelled, "the job was cancelled");
  return absl::OkStatus();
}

absl::Status RingGate::Pass(const Progress& progress, absl::Status local) {
  const absl::Duration elapsed = Count(progress.phase);
  phase_ = progress.phase;
  const absl::Duration step = progress.step_seconds > 0 ? absl::Seconds(progress.step_seconds) : elapsed;
  remaining_.Record(progress, step);
  if (progress.transformer_forwards > forwards_) {
    context_.metrics.AddForwards(progress.transformer_forwards - forwards_, context_.job.spec().has_guidance());
    forwards_ = progress.transformer_forwards;
  }
  if (!local.ok()) return local;
  if (progress.phase == Phase::kDenoising && progress.step > 0) {
    context_.metrics.ObserveStep(step);
    if (context_.step_passed) context_.step_passed();
  }
  Publish(progress);
  return Verdict();
}

void RingGate::Publish(const Progress& progress) {
  context_.job.Publish({.phase = progress.phase,
                        .video_index = progress.video_index,
                        .step = progress.step,
                        .of = progress.of,
                        .step_duration = remaining_.MeanStep(progress.phase),
                        .remaining_duration = remaining_.Estimate()});
}

void RingGate::Enter(Phase phase) {
  Count(phase_);
  phase_ = phase;
  Publish({.phase = phase, .video_index = context_.job.spec().num_videos - 1});
}

void RingGate::End() {
  Count(phase_);
  for (const PhaseTime& time : phases_) context_.metrics.ObservePhase(time.phase, time.duration);
}

}  // namespace wan

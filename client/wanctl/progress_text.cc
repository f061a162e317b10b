#include "client/wanctl/progress_text.h"

#include "absl/strings/str_cat.h"
#include "client/wanctl/format.h"

namespace wan {

std::string StepText(const v1::Progress& progress) {
  if (progress.phase() == v1::PHASE_UNSPECIFIED) return "starting";
  std::string text;
  if (progress.video_index() > 0) absl::StrAppend(&text, "video ", progress.video_index() + 1, ", ");
  absl::StrAppend(&text, PhaseName(progress.phase()));
  if (progress.of() > 0) absl::StrAppend(&text, " ", progress.step(), "/", progress.of());
  return text;
}

std::string SpeedText(const v1::Progress& progress) {
  std::string text;
  if (progress.has_step_duration()) {
    absl::StrAppend(&text, DurationText(ToDuration(progress.step_duration())), " per step");
  }
  if (progress.has_remaining_duration()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", "about ", DurationText(ToDuration(progress.remaining_duration())),
                    " left");
  }
  return text;
}

std::string ProgressText(const v1::Job& job) {
  std::string text;
  switch (job.state()) {
    case v1::JOB_STATE_QUEUED:
      text = "queued";
      if (job.queue_position() > 0) absl::StrAppend(&text, ", position ", job.queue_position());
      if (job.attempt() > 0) absl::StrAppend(&text, ", to be tried again");
      return text;
    case v1::JOB_STATE_RUNNING: {
      text = StepText(job.progress());
      const std::string speed = SpeedText(job.progress());
      if (!speed.empty()) absl::StrAppend(&text, ", ", speed);
      if (job.cancel_requested()) absl::StrAppend(&text, ", cancel requested");
      return text;
    }
    default:
      return StateName(job.state());
  }
}

}  // namespace wan

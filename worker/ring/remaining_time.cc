#include "worker/ring/remaining_time.h"

#include <algorithm>

namespace wan {

RemainingTime::RemainingTime(const GenerationSpec& spec, LearntRates& rates)
    : pixels_a_video_(static_cast<double>(spec.width) * static_cast<double>(spec.height) *
                      static_cast<double>(spec.num_frames)),
      rates_(rates) {
  denoising_.done.resize(spec.num_videos);
  denoising_.steps_a_video = spec.num_steps;
  decoding_.done.resize(spec.num_videos);
}

void RemainingTime::Work::Record(const Progress& progress, absl::Duration duration) {
  if (progress.step <= 0 || progress.video_index < 0 || progress.video_index >= static_cast<int64_t>(done.size())) {
    return;
  }
  if (progress.of > 0) steps_a_video = progress.of;
  done[progress.video_index] = std::max(done[progress.video_index], progress.step);
  ++count;
  total += duration;
}

int64_t RemainingTime::Work::StepsLeft() const {
  int64_t left = 0;
  for (const int64_t steps : done) left += std::max<int64_t>(0, steps_a_video - steps);
  return left;
}

void RemainingTime::Record(const Progress& progress, absl::Duration duration) {
  if (progress.phase == Phase::kDenoising) denoising_.Record(progress, duration);
  if (progress.phase != Phase::kDecoding) return;
  decoding_.Record(progress, duration);
  if (decoding_.VideoIsDone(progress.video_index) && pixels_a_video_ > 0) {
    rates_.decode_seconds_per_pixel =
        absl::ToDoubleSeconds(decoding_.Mean()) * static_cast<double>(decoding_.steps_a_video) / pixels_a_video_;
  }
}

absl::Duration RemainingTime::MeanStep(Phase phase) const {
  if (phase == Phase::kDenoising) return denoising_.Mean();
  if (phase == Phase::kDecoding) return decoding_.Mean();
  return absl::ZeroDuration();
}

absl::Duration RemainingTime::DecodeEstimate() const {
  if (decoding_.count > 0) return decoding_.StepsLeft() * decoding_.Mean();
  return absl::Seconds(rates_.decode_seconds_per_pixel * pixels_a_video_ * static_cast<double>(decoding_.done.size()));
}

std::optional<absl::Duration> RemainingTime::Estimate() const {
  if (denoising_.count == 0) return std::nullopt;
  return denoising_.StepsLeft() * denoising_.Mean() + DecodeEstimate();
}

}  // namespace wan

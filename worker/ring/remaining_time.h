#ifndef WAN_WORKER_RING_REMAINING_TIME_H_
#define WAN_WORKER_RING_REMAINING_TIME_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "common/generation/spec.h"
#include "worker/pipeline/progress.h"

namespace wan {

// What one job teaches the next one on the same ring.
struct LearntRates {
  double decode_seconds_per_pixel = 0;  // of the finished video, frames counted; 0: no video was decoded yet
};

// How long a job will still take, from what it took so far: the steps left of all videos times the mean step, and the
// same for decoding. Before this job has decoded anything, decoding is taken from earlier jobs; without any it counts
// as nothing, so the very first estimate of a ring is somewhat short. Muxing is not estimated: it overlaps decoding.
// One thread.
class RemainingTime {
 public:
  // `rates` is read and updated; borrowed.
  RemainingTime(const GenerationSpec& spec, LearntRates& rates);

  // One passed gate and the time since the one before.
  void Record(const Progress& progress, absl::Duration duration);

  // Mean of the steps of `phase` in this job; zero before the first.
  absl::Duration MeanStep(Phase phase) const;

  // nullopt before the first denoising step is done.
  std::optional<absl::Duration> Estimate() const;

 private:
  struct Work {
    std::vector<int64_t> done;  // by video
    int64_t steps_a_video = 0;  // 0: not known
    int64_t count = 0;
    absl::Duration total;

    void Record(const Progress& progress, absl::Duration duration);
    absl::Duration Mean() const { return count == 0 ? absl::ZeroDuration() : total / count; }
    int64_t StepsLeft() const;
    bool VideoIsDone(int64_t index) const { return steps_a_video > 0 && done[index] >= steps_a_video; }
  };
  absl::Duration DecodeEstimate() const;

  const double pixels_a_video_;
  LearntRates& rates_;
  Work denoising_;
  Work decoding_;
};

}  // namespace wan

#endif  // WAN_WORKER_RING_REMAINING_TIME_H_

#ifndef WAN_WORKER_RING_RING_METRICS_H_
#define WAN_WORKER_RING_RING_METRICS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/generation/spec.h"
#include "worker/pipeline/progress.h"

namespace prometheus {
class Registry;
}

namespace wan {

// The ring's figures. Names and labels: docs/architecture.md; every series exists from the start. Any thread.
class RingMetrics {
 public:
  // `registry` is borrowed.
  RingMetrics(prometheus::Registry& registry, const std::string& model);
  ~RingMetrics();

  void SetRankUp(bool up);
  // Once, when the models are loaded.
  void SetLoaded(const std::string& dtype, absl::Duration load_time, int64_t weights_bytes);
  void SetFreeMemory(int64_t bytes);

  void ObserveStep(absl::Duration duration);
  // `forwards` block stacks of one step; with guidance half of them are of the unconditional branch.
  void AddForwards(int64_t forwards, bool has_guidance);
  void ObservePhase(Phase phase, absl::Duration duration);
  void AddVideo(VideoCodec codec, int64_t num_frames, int64_t size_bytes, absl::Duration encode_time);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace wan

#endif  // WAN_WORKER_RING_RING_METRICS_H_

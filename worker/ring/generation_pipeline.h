// What a rank's loop needs of the numerical core and of the media library, so that neither's headers are seen by code
// that speaks protobuf, and so that tests can script them.
#ifndef WAN_WORKER_RING_GENERATION_PIPELINE_H_
#define WAN_WORKER_RING_GENERATION_PIPELINE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/generation/spec.h"
#include "worker/pipeline/step_gate.h"
#include "worker/ring/job_run.h"

namespace wan {

class FrameSink;

// The contract of WanPipeline. Compute thread; may throw c10::Error.
class GenerationPipeline {
 public:
  virtual ~GenerationPipeline() = default;
  virtual absl::Status Run(const GenerationSpec& spec, StepGate& gate, FrameSink* sink) = 0;
  virtual std::string dtype() const = 0;
  virtual int64_t weights_bytes() const = 0;
};

// Takes one job's frames and leaves its videos in the job's scratch folder; without Finish() it leaves none. Compute
// thread.
class VideoOutput {
 public:
  virtual ~VideoOutput() = default;
  virtual FrameSink& sink() = 0;
  virtual absl::StatusOr<std::vector<RenderedVideo>> Finish() = 0;
};

}  // namespace wan

#endif  // WAN_WORKER_RING_GENERATION_PIPELINE_H_

#ifndef WAN_WORKER_PIPELINE_FRAME_SINK_H_
#define WAN_WORKER_PIPELINE_FRAME_SINK_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/status/status.h"

namespace wan {

// Takes the frames of a job as they are decoded. Exists on the leader only.
class FrameSink {
 public:
  virtual ~FrameSink() = default;

  // `frames`: [t, h, w, 3] uint8 RGB on the host, contiguous, the next t frames of video `index`; videos come one
  // after the other. The sink may keep the tensor: the caller does not write to it again. May block until there is
  // room, so a slow encoder slows decoding instead of filling memory. An error (ENCODE_FAILED, STORAGE) ends the job.
  virtual absl::Status Accept(int64_t index, at::Tensor frames) = 0;
};

}  // namespace wan

#endif  // WAN_WORKER_PIPELINE_FRAME_SINK_H_

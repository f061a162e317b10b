#include "worker/ops/quantize_frames.h"

namespace wan {

at::Tensor QuantizeFrames(const at::Tensor& video) { return QuantizeFramesReference(video); }

}  // namespace wan

#include "worker/ops/quantize_frames.h"

#include <ATen/ops/empty.h>

namespace wan {

at::Tensor QuantizeFramesReference(const at::Tensor& video) {
  TORCH_CHECK((video.dim() == 4 || video.dim() == 5) && video.size(-4) == 3 && video.is_floating_point(),
              "QuantizeFrames: [3, t, h, w] or [B, 3, t, h, w] of floats expected, got ", video.sizes(), " ",
              video.scalar_type());
  at::Tensor levels = video.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  levels.clamp_(-1, 1).div_(2).add_(0.5).mul_(255);
  levels = levels.movedim(-4, -1);  // [B?, t, h, w, 3]
  at::Tensor frames = at::empty(levels.sizes(), levels.options().dtype(at::kByte));
  return frames.copy_(levels);  // to uint8: towards zero
}

}  // namespace wan

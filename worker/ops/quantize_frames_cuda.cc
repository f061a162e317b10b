#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "worker/ops/cuda/quantize_frames.h"
#include "worker/ops/quantize_frames.h"

namespace wan {
namespace {

QuantizeInput InputType(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat:
      return QuantizeInput::kFloat32;
    case at::kBFloat16:
      return QuantizeInput::kBFloat16;
    case at::kHalf:
      return QuantizeInput::kFloat16;
    default:
      TORCH_CHECK(false, "QuantizeFrames: f32, bf16 or f16 expected, got ", dtype);
  }
}

}  // namespace

at::Tensor QuantizeFrames(const at::Tensor& video) {
  if (!video.is_cuda()) return QuantizeFramesReference(video);
  TORCH_CHECK((video.dim() == 4 || video.dim() == 5) && video.size(-4) == 3,
              "QuantizeFrames: [3, t, h, w] or [B, 3, t, h, w] expected, got ", video.sizes());
  const c10::cuda::CUDAGuard guard(video.device());
  const at::Tensor input = video.dim() == 4 ? video.unsqueeze(0) : video;  // [B, 3, t, h, w]
  const int64_t batch = input.size(0);
  at::Tensor frames = at::empty({batch, input.size(2), input.size(3), input.size(4), 3},
                                input.options().dtype(at::kByte).memory_format(at::MemoryFormat::Contiguous));
  const QuantizeShape shape = {
      .batch = batch,
      .frames = input.size(2),
      .height = input.size(3),
      .width = input.size(4),
      .strides = {input.stride(0), input.stride(1), input.stride(2), input.stride(3), input.stride(4)},
  };
  C10_CUDA_CHECK(LaunchQuantizeFrames(input.const_data_ptr(), InputType(input.scalar_type()), shape,
                                      frames.mutable_data_ptr<uint8_t>(), c10::cuda::getCurrentCUDAStream()));
  return video.dim() == 4 ? frames.squeeze(0) : frames;
}

}  // namespace wan

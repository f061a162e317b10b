#include "worker/pipeline/latents.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/randn.h>

namespace wan {

std::array<int64_t, 5> LatentGeometry::Shape(int64_t batch, int64_t num_frames, int64_t height, int64_t width) const {
  return {batch, channels, (num_frames - 1) / temporal_factor + 1, height / spatial_factor, width / spatial_factor};
}

at::Tensor MakeNoise(at::IntArrayRef shape, int64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(static_cast<uint64_t>(seed));
  return at::randn(shape, generator, at::TensorOptions(at::kFloat));
}

}  // namespace wan

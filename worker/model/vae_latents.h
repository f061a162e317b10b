#ifndef WAN_WORKER_MODEL_VAE_LATENTS_H_
#define WAN_WORKER_MODEL_VAE_LATENTS_H_

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include "worker/model/vae_config.h"

namespace wan {

// What the VAE decodes of the latents that the noise scheduler works on: latents · std + mean of each channel,
// [B, z, T, H, W], computed in fp32 (fp64 where the latents are) and rounded once to `dtype`. Reference: WanPipeline of
// Diffusers, which divides by the reciprocal: not the same last bit as a product.
at::Tensor DenormalizeLatents(const VaeConfig& config, const at::Tensor& latents, at::ScalarType dtype);

}  // namespace wan

#endif  // WAN_WORKER_MODEL_VAE_LATENTS_H_

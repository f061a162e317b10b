#include "worker/pipeline/decode_video.h"

#include <ATen/ops/isfinite.h>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/status_macros.h"
#include "worker/model/vae_decoder.h"
#include "worker/model/vae_latents.h"
#include "worker/ops/quantize_frames.h"

namespace wan {

at::Tensor DenormalizeLatents(const WanModels& models, const at::Tensor& latents) {
  return DenormalizeLatents(models.vae_config, latents, models.vae_dtype);
}

absl::Status DecodeVideo(const WanModels& models, const at::Tensor& denormalized,
                         absl::FunctionRef<absl::Status(const DecodedChunk&)> accept) {
  VaeDecoder decoder(models.vae_config, models.vae_weights, {.chunk = models.vae_decode_chunk});
  WAN_RETURN_IF_ERROR(decoder.Begin(denormalized));
  const int64_t total = 1 + (denormalized.size(2) - 1) * models.vae_config.temporal_factor();
  int64_t done = 0, chunk_number = 0;
  while (std::optional<at::Tensor> video = decoder.Next()) {
    ++chunk_number;
    // Before the clamp, which would turn an infinity into white.
    if (!at::isfinite(*video).all().item<bool>()) {
      return MakeError(absl::StatusCode::kDataLoss, kNonFinite,
                       absl::StrCat("pixels are not finite in decoded chunk ", chunk_number),
                       {{"phase", "decoding"}, {"step", absl::StrCat(chunk_number)}});
    }
    video->clamp_(-1.0, 1.0);
    done += video->size(2);
    WAN_RETURN_IF_ERROR(accept({.video = *video, .frames = QuantizeFrames((*video)[0]), .done = done, .total = total}));
  }
  return absl::OkStatus();
}

}  // namespace wan

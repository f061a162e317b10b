#ifndef WAN_WORKER_PIPELINE_WAN_MODELS_H_
#define WAN_WORKER_PIPELINE_WAN_MODELS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "worker/device/device.h"
#include "worker/model/vae_config.h"
#include "worker/model/vae_weights.h"
#include "worker/model/wan_transformer.h"
#include "worker/pipeline/latents.h"
#include "worker/pipeline/prompt_encoder.h"
#include "worker/pipeline/wan_pipeline.h"

namespace wan {

// The loaded components of one checkpoint, for the pipeline and for tools that run its stages one by one.
struct WanModels {
  Device device;
  at::ScalarType dtype;            // of transformer and text encoder
  at::ScalarType scheduler_dtype;  // of latents and guidance arithmetic
  at::ScalarType vae_dtype;
  int64_t vae_decode_chunk;
  int64_t vae_encode_chunk;
  std::unique_ptr<PromptEncoder> prompt_encoder;
  std::unique_ptr<WanTransformer> transformer;
  VaeConfig vae_config;
  VaeWeights vae_weights;
  int64_t weights_bytes = 0;
  int64_t bytes_read = 0;

  LatentGeometry geometry() const;
};

// Error: FAILED_PRECONDITION or DATA_LOSS with file, tensor and byte; INVALID_ARGUMENT for a bad configuration value.
absl::StatusOr<WanModels> LoadWanModels(const PipelineConfig& config);

}  // namespace wan

#endif  // WAN_WORKER_PIPELINE_WAN_MODELS_H_

// Prompt → latents → frames. Loads and owns the models of one checkpoint (Diffusers layout).
#ifndef WAN_WORKER_PIPELINE_WAN_PIPELINE_H_
#define WAN_WORKER_PIPELINE_WAN_PIPELINE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/generation/spec.h"
#include "worker/pipeline/frame_sink.h"
#include "worker/pipeline/step_gate.h"

namespace wan {

// As the operator writes it. Data types: "f32", "bf16", "auto" (bf16 where the device is fast at it).
struct PipelineConfig {
  std::string checkpoint;               // folder with model_index.json
  std::string dtype = "auto";           // transformer and text encoder
  std::string scheduler_dtype = "f32";  // sigmas, guidance arithmetic, latents: "f32" or "f64"
  std::string vae_dtype = "f32";
  std::string vae_weights_dtype = "f32";
  int64_t vae_decode_chunk = 4;  // latents a chunk; 0: all at once
  int64_t vae_encode_chunk = 4;  // frames a chunk, a multiple of 4; 0: all at once
  std::string device = "cpu";    // "cpu", "cuda:0"
  int64_t threads = 0;           // 0: from affinity, cgroup quota and the number of local ranks
};

// Compute thread only.
class WanPipeline {
 public:
  // FAILED_PRECONDITION or DATA_LOSS with file, tensor and byte when the checkpoint cannot be used; the rank exits 78.
  static absl::StatusOr<std::unique_ptr<WanPipeline>> Load(const PipelineConfig& config);
  ~WanPipeline();

  // Makes the videos of `spec`. `sink` is null on followers. Errors: what `gate` or `sink` returned; DATA_LOSS /
  // NON_FINITE with phase and step. Throws c10::Error from tensor code.
  absl::Status Run(const GenerationSpec& spec, StepGate& gate, FrameSink* sink);

  const std::string& dtype() const;  // what "auto" became
  int64_t weights_bytes() const;     // allocated for weights
  int64_t bytes_read() const;        // from the checkpoint at load

 private:
  class Impl;
  explicit WanPipeline(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wan

#endif  // WAN_WORKER_PIPELINE_WAN_PIPELINE_H_

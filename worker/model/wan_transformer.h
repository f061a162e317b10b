// The Wan diffusion transformer (text to video): predicts the flow v = ε − x₀ of noised latents at a timestep, once for
// each guidance branch. Reference: WanTransformer3DModel of Diffusers; Wan technical report, arXiv 2503.20314.
#ifndef WAN_WORKER_MODEL_WAN_TRANSFORMER_H_
#define WAN_WORKER_MODEL_WAN_TRANSFORMER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/model/condition_embedder.h"
#include "worker/model/wan_block.h"
#include "worker/model/wan_config.h"
#include "worker/parallel/parameter_gatherer.h"

namespace wan {

// One guidance branch: what the transformer keeps of a prompt for a whole job.
struct PromptContext {
  std::vector<CrossAttentionKv> blocks;  // one for each block
};

// What is outside the blocks.
struct WanOuterWeights {
  LinearWeights patch_embedding;  // [D, in·pt·ph·pw], input order (channel, pt, ph, pw)
  ConditionEmbedderWeights condition;
  at::Tensor scale_shift_table;  // [1, 2, D] fp32
  LinearWeights proj_out;        // [pt·ph·pw·out, D], output order (pt, ph, pw, channel)
};

// Compute thread only.
class WanTransformer {
 public:
  // Loads `folder` (config.json, safetensors) as `dtype` (fp32 or bf16; modulation, time MLP and affine norms stay
  // fp32). Errors name file, tensor and byte.
  static absl::StatusOr<std::unique_ptr<WanTransformer>> Load(const std::string& folder, at::ScalarType dtype,
                                                              at::Device device);

  WanTransformer(const WanConfig& config, at::ScalarType dtype, WanOuterWeights outer,
                 std::unique_ptr<ParameterGatherer> blocks);

  const WanConfig& config() const { return config_; }
  at::ScalarType dtype() const { return dtype_; }
  int64_t weights_bytes() const;
  int64_t bytes_read() const { return bytes_read_; }

  // prompt_embeds: [B, S, text_dim] with zero rows after the prompt's end. Acquires every block once for all prompts.
  std::vector<PromptContext> PreparePrompts(const std::vector<at::Tensor>& prompt_embeds);

  // latents: [B, in, T, H, W], any floating dtype; timestep in 0 … 1000. Returns [B, out, T, H, W] in the model's dtype
  // for each branch, in their order. Goes block by block over all branches, so a block is acquired once.
  // Preconditions: T, H, W are multiples of the patch size and within rope_max_seq_len patches.
  std::vector<at::Tensor> Forward(const at::Tensor& latents, double timestep,
                                  std::span<const PromptContext* const> branches);

 private:
  at::Tensor Patchify(const at::Tensor& latents) const;
  at::Tensor ProjectOut(const at::Tensor& x, const at::Tensor& timestep_embedding, at::IntArrayRef latents_shape) const;
  const RopeTables& Rope(int64_t frames, int64_t rows, int64_t columns);

  const WanConfig config_;
  const at::ScalarType dtype_;
  const WanOuterWeights outer_;
  const std::unique_ptr<ParameterGatherer> blocks_;
  int64_t bytes_read_ = 0;

  // Tables of the latest shape: the same at every step of a job.
  std::array<int64_t, 3> rope_shape_ = {0, 0, 0};
  RopeTables rope_;
};

}  // namespace wan

#endif  // WAN_WORKER_MODEL_WAN_TRANSFORMER_H_

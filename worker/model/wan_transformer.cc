#include "worker/model/wan_transformer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>

#include <utility>

#include "common/log.h"
#include "worker/ops/modulation.h"

namespace wan {
namespace {

int64_t Bytes(const LinearWeights& weights) { return weights.weight.nbytes() + weights.bias.nbytes(); }

}  // namespace

WanTransformer::WanTransformer(const WanConfig& config, at::ScalarType dtype, WanOuterWeights outer,
                               std::unique_ptr<ParameterGatherer> blocks)
    : config_(config), dtype_(dtype), outer_(std::move(outer)), blocks_(std::move(blocks)) {}

int64_t WanTransformer::weights_bytes() const {
  const ConditionEmbedderWeights& condition = outer_.condition;
  return blocks_->resident_bytes() + Bytes(outer_.patch_embedding) + Bytes(outer_.proj_out) +
         static_cast<int64_t>(outer_.scale_shift_table.nbytes()) + Bytes(condition.time_in) +
         Bytes(condition.time_out) + Bytes(condition.time_proj) + Bytes(condition.text_in) + Bytes(condition.text_out);
}

std::vector<PromptContext> WanTransformer::PreparePrompts(const std::vector<at::Tensor>& prompt_embeds) {
  std::vector<at::Tensor> contexts;
  contexts.reserve(prompt_embeds.size());
  for (const at::Tensor& embeds : prompt_embeds) contexts.push_back(EmbedText(outer_.condition, embeds));
  std::vector<PromptContext> prompts(prompt_embeds.size());
  for (int64_t i = 0; i < blocks_->num_blocks(); ++i) {
    const WanBlockWeights weights = BindWanBlock(blocks_->Acquire(i));
    for (size_t p = 0; p < prompts.size(); ++p) {
      prompts[p].blocks.push_back(MakeCrossAttentionKv(config_, weights, contexts[p]));
    }
  }
  return prompts;
}

// The patch embedding is a convolution whose stride is its kernel, that is, a linear map of each patch.
at::Tensor WanTransformer::Patchify(const at::Tensor& latents) const {
  const auto& [pt, ph, pw] = config_.patch_size;
  const int64_t batch = latents.size(0), frames = latents.size(2) / pt, rows = latents.size(3) / ph,
                columns = latents.size(4) / pw;
  const at::Tensor patches = latents.to(dtype_)
                                 .view({batch, config_.in_channels, frames, pt, rows, ph, columns, pw})
                                 .permute({0, 2, 4, 6, 1, 3, 5, 7})
                                 .reshape({batch, frames * rows * columns, -1});
  return at::linear(patches, outer_.patch_embedding.weight, outer_.patch_embedding.bias);
}

at::Tensor WanTransformer::ProjectOut(const at::Tensor& x, const at::Tensor& timestep_embedding,
                                      at::IntArrayRef latents_shape) const {
  const at::Tensor modulation = outer_.scale_shift_table + timestep_embedding.unsqueeze(1);  // [1, 2, D] fp32
  const at::Tensor normed = ModulatedNorm(x, modulation.narrow(1, 0, 1), modulation.narrow(1, 1, 1), config_.eps);
  const auto& [pt, ph, pw] = config_.patch_size;
  const int64_t frames = latents_shape[2] / pt, rows = latents_shape[3] / ph, columns = latents_shape[4] / pw;
  return at::linear(normed, outer_.proj_out.weight, outer_.proj_out.bias)
      .view({x.size(0), frames, rows, columns, pt, ph, pw, config_.out_channels})
      .permute({0, 7, 1, 4, 2, 5, 3, 6})
      .reshape({x.size(0), config_.out_channels, latents_shape[2], latents_shape[3], latents_shape[4]});
}

const RopeTables& WanTransformer::Rope(int64_t frames, int64_t rows, int64_t columns) {
  const std::array<int64_t, 3> shape = {frames, rows, columns};
  if (rope_shape_ != shape) {
    rope_ = MakeRopeTables(frames, rows, columns, config_.head_dim, outer_.patch_embedding.weight.device());
    rope_shape_ = shape;
  }
  return rope_;
}

std::vector<at::Tensor> WanTransformer::Forward(const at::Tensor& latents, double timestep,
                                                std::span<const PromptContext* const> branches) {
  WAN_CHECK(latents.dim() == 5 && latents.size(1) == config_.in_channels);
  std::array<int64_t, 3> patches;
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t size = latents.size(static_cast<int64_t>(axis) + 2);
    WAN_CHECK(size % config_.patch_size[axis] == 0);
    patches[axis] = size / config_.patch_size[axis];
    WAN_CHECK(patches[axis] <= config_.rope_max_seq_len);
  }
  const RopeTables& rope = Rope(patches[0], patches[1], patches[2]);
  const TimestepEmbedding time = EmbedTimestep(outer_.condition, timestep);

  std::vector<at::Tensor> x(branches.size(), Patchify(latents));  // [B, L, D]
  for (int64_t i = 0; i < blocks_->num_blocks(); ++i) {
    const WanBlockWeights weights = BindWanBlock(blocks_->Acquire(i));
    at::Tensor shared;  // the branches differ only by their prompt, which enters after block 0's self-attention
    if (i == 0) shared = WanBlockSelfAttention(config_, weights, x[0], time.modulation, rope);
    for (size_t b = 0; b < branches.size(); ++b) {
      const at::Tensor attended =
          i == 0 ? shared : WanBlockSelfAttention(config_, weights, x[b], time.modulation, rope);
      x[b] = WanBlockCrossAttentionAndFfn(config_, weights, attended, time.modulation,
                                          branches[b]->blocks[static_cast<size_t>(i)]);
    }
  }
  for (at::Tensor& tokens : x) tokens = ProjectOut(tokens, time.embedding, latents.sizes());
  return x;
}

}  // namespace wan

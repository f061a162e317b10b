#include "worker/pipeline/wan_pipeline.h"

#include <c10/core/InferenceMode.h>

#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/status_macros.h"
#include "worker/diffusion/denoise_loop.h"
#include "worker/diffusion/noise_scheduler.h"
#include "worker/pipeline/decode_video.h"
#include "worker/pipeline/latents.h"
#include "worker/pipeline/wan_models.h"

namespace wan {
namespace {

// Fills in what every report needs and measures the step since the last one.
class ProgressReporter {
 public:
  explicit ProgressReporter(StepGate& gate) : gate_(gate) {}

  absl::Status Pass(Phase phase, int64_t video_index, int64_t step, int64_t of, absl::Status local = absl::OkStatus()) {
    const absl::Time now = absl::Now();
    const double seconds = step == 0 ? 0.0 : absl::ToDoubleSeconds(now - last_);
    last_ = now;
    return gate_.Pass({.phase = phase,
                       .video_index = video_index,
                       .step = step,
                       .of = of,
                       .step_seconds = seconds,
                       .transformer_forwards = forwards_},
                      std::move(local));
  }
  void AddForwards(int64_t count) { forwards_ += count; }

 private:
  StepGate& gate_;
  absl::Time last_ = absl::Now();
  int64_t forwards_ = 0;
};

}  // namespace

class WanPipeline::Impl {
 public:
  explicit Impl(WanModels models) : models_(std::move(models)), dtype_(DtypeName(models_.dtype)) {}

  absl::Status Run(const GenerationSpec& spec, StepGate& gate, FrameSink* sink) {
    const c10::InferenceMode inference;
    ProgressReporter progress(gate);
    std::vector<PromptContext> prompts;
    WAN_RETURN_IF_ERROR(EncodePrompts(spec, progress, &prompts));
    const Guidance guidance = {.conditional = &prompts[0],
                               .unconditional = spec.has_guidance() ? &prompts[1] : nullptr,
                               .scale = spec.guidance_scale};
    const std::unique_ptr<NoiseScheduler> scheduler = MakeNoiseScheduler(
        spec.scheduler, {.num_steps = spec.num_steps, .flow_shift = spec.flow_shift, .dtype = models_.scheduler_dtype});
    for (int64_t video = 0; video < spec.num_videos; ++video) {
      DenoiseState state;
      state.latents =
          MakeNoise(models_.geometry().Shape(1, spec.num_frames, spec.height, spec.width), spec.seed + video)
              .to(models_.device.device(), models_.scheduler_dtype);
      WAN_RETURN_IF_ERROR(DenoiseVideo(*scheduler, guidance, video, progress, state));
      WAN_RETURN_IF_ERROR(Decode(state.latents, video, progress, sink));
    }
    return absl::OkStatus();
  }

  const WanModels models_;
  const std::string dtype_;

 private:
  absl::Status EncodePrompts(const GenerationSpec& spec, ProgressReporter& progress,
                             std::vector<PromptContext>* prompts) {
    std::vector<std::string> texts = {spec.prompt};
    if (spec.has_guidance()) texts.push_back(spec.negative_prompt);
    const auto count = static_cast<int64_t>(texts.size());
    WAN_RETURN_IF_ERROR(progress.Pass(Phase::kEncodingText, 0, 0, count));
    std::vector<at::Tensor> embeds;
    for (const std::string& text : texts) {
      auto encoded = models_.prompt_encoder->Encode(text);
      if (encoded.ok()) embeds.push_back(*std::move(encoded));
      WAN_RETURN_IF_ERROR(
          progress.Pass(Phase::kEncodingText, 0, static_cast<int64_t>(embeds.size()), count, encoded.status()));
    }
    *prompts = models_.transformer->PreparePrompts(embeds);
    return absl::OkStatus();
  }

  absl::Status DenoiseVideo(const NoiseScheduler& scheduler, const Guidance& guidance, int64_t video,
                            ProgressReporter& progress, DenoiseState& state) {
    const int64_t of = scheduler.num_steps();
    WAN_RETURN_IF_ERROR(progress.Pass(Phase::kDenoising, video, 0, of));
    bool gate_ended = false;
    const absl::Status status =
        Denoise(*models_.transformer, scheduler, guidance, state, [&](const StepPredictions&, const DenoiseState& now) {
          progress.AddForwards(guidance.num_branches());
          const absl::Status verdict = progress.Pass(Phase::kDenoising, video, now.step, of);
          gate_ended = !verdict.ok();
          return verdict;
        });
    if (status.ok() || gate_ended) return status;
    return progress.Pass(Phase::kDenoising, video, state.step, of, status);
  }

  absl::Status Decode(const at::Tensor& latents, int64_t video, ProgressReporter& progress, FrameSink* sink) {
    bool gate_ended = false;
    int64_t done = 0, total = 0;
    const absl::Status status =
        DecodeVideo(models_, DenormalizeLatents(models_, latents), [&](const DecodedChunk& chunk) {
          absl::Status accepted;
          if (sink != nullptr) accepted = sink->Accept(video, chunk.frames.to(at::kCPU));
          done = chunk.done;
          total = chunk.total;
          const absl::Status verdict = progress.Pass(Phase::kDecoding, video, done, total, accepted);
          gate_ended = !verdict.ok();
          return verdict;
        });
    if (status.ok() || gate_ended) return status;
    return progress.Pass(Phase::kDecoding, video, done, total, status);
  }
};

WanPipeline::WanPipeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WanPipeline::~WanPipeline() = default;

absl::StatusOr<std::unique_ptr<WanPipeline>> WanPipeline::Load(const PipelineConfig& config) {
  const c10::InferenceMode inference;
  WAN_ASSIGN_OR_RETURN(WanModels models, LoadWanModels(config));
  return std::unique_ptr<WanPipeline>(new WanPipeline(std::make_unique<Impl>(std::move(models))));
}

absl::Status WanPipeline::Run(const GenerationSpec& spec, StepGate& gate, FrameSink* sink) {
  return impl_->Run(spec, gate, sink);
}

const std::string& WanPipeline::dtype() const { return impl_->dtype_; }
int64_t WanPipeline::weights_bytes() const { return impl_->models_.weights_bytes; }
int64_t WanPipeline::bytes_read() const { return impl_->models_.bytes_read; }

}  // namespace wan

// A whole generation of the reference, twice: each stage fed with the reference's own input, and end to end from the
// prompt, on the road that a job takes.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/sha256.h"
#include "common/status_macros.h"
#include "worker/diffusion/denoise_loop.h"
#include "worker/ops/attention.h"
#include "worker/ops/quantize_frames.h"
#include "worker/pipeline/decode_video.h"
#include "worker/pipeline/latents.h"
#include "worker/pipeline/wan_models.h"
#include "worker/text/prompt_cleaner.h"
#include "worker/tools/verify/reference_scheduler.h"
#include "worker/tools/verify/verify.h"

namespace wan {
namespace {

// The batch of a request as single videos, prompt-major, as the reference lays it out.
struct Request {
  std::vector<std::string> prompts;  // distinct prompts
  std::vector<std::string> negatives;
  int64_t videos_per_prompt = 1;
  int64_t width = 0, height = 0, num_frames = 0, num_steps = 0, max_length = 512;
  double guidance_scale = 1;
  int64_t seed = 0;
  bool one_generator_each = false;

  int64_t batch() const { return static_cast<int64_t>(prompts.size()) * videos_per_prompt; }
  size_t PromptOf(int64_t video) const { return static_cast<size_t>(video / videos_per_prompt); }
  bool has_guidance() const { return guidance_scale > 1; }
};

std::vector<std::string> TextOrList(const nlohmann::json& value, size_t repeat) {
  if (value.is_array()) return value.get<std::vector<std::string>>();
  return std::vector<std::string>(repeat, value.is_null() ? "" : value.get<std::string>());
}

Request ParseRequest(const nlohmann::json& json) {
  Request request;
  request.prompts = TextOrList(json.at("prompt"), 1);
  request.negatives = TextOrList(json.value("negative_prompt", nlohmann::json("")), request.prompts.size());
  request.videos_per_prompt = json.value("num_videos_per_prompt", int64_t{1});
  request.width = json.at("width").get<int64_t>();
  request.height = json.at("height").get<int64_t>();
  // The reference rounds to 4n+1 and goes on; the service refuses instead.
  const int64_t asked = json.at("num_frames").get<int64_t>();
  request.num_frames = asked % 4 == 1 ? asked : std::max<int64_t>(asked / 4 * 4 + 1, 1);
  request.num_steps = json.at("num_inference_steps").get<int64_t>();
  request.max_length = json.value("max_sequence_length", int64_t{512});
  request.guidance_scale = json.at("guidance_scale").get<double>();
  request.seed = json.at("seed").get<int64_t>();
  request.one_generator_each = json.contains("generators") && !json["generators"].is_null();
  return request;
}

std::string StepName(int64_t step, const char* what) { return absl::StrFormat("step.%03d.%s", step, what); }

class PipelineVerifier {
 public:
  PipelineVerifier(const GoldenCase& golden, WanModels models, Request request,
                   std::unique_ptr<NoiseScheduler> scheduler, CaseReport& report)
      : golden_(golden),
        models_(std::move(models)),
        request_(std::move(request)),
        scheduler_(std::move(scheduler)),
        report_(report) {}

  absl::Status Run() {
    VerifyIds();
    WAN_RETURN_IF_ERROR(VerifyEmbeddings());
    VerifySchedule();
    VerifyNoise();
    VerifySteps();
    WAN_RETURN_IF_ERROR(VerifyDecode());
    return VerifyEndToEnd();
  }

 private:
  void VerifyIds() {
    VerifyIdsOf(request_.prompts, "text.0");
    if (request_.has_guidance()) VerifyIdsOf(request_.negatives, "text.1");
  }

  void VerifyIdsOf(const std::vector<std::string>& texts, const std::string& stage) {
    std::vector<at::Tensor> ids, masks;
    for (const std::string& text : texts) {
      const TokenizedPrompt tokens = models_.prompt_encoder->tokenizer().Encode(CleanPrompt(text), request_.max_length);
      const auto length = static_cast<int64_t>(tokens.ids.size());
      ids.push_back(at::zeros({request_.max_length}, at::TensorOptions(at::kLong)));
      ids.back().narrow(0, 0, length).copy_(at::tensor(tokens.ids, at::TensorOptions(at::kLong)));
      masks.push_back(at::zeros({request_.max_length}, at::TensorOptions(at::kLong)));
      masks.back().narrow(0, 0, length).fill_(1);
    }
    CompareExactly(stage + ".input_ids", StageInput::kReference, at::stack(ids));
    CompareExactly(stage + ".attention_mask", StageInput::kReference, at::stack(masks));
  }

  absl::Status VerifyEmbeddings() {
    WAN_ASSIGN_OR_RETURN(embeds_, EncodeAll(request_.prompts));
    CompareEmbeddings("prompt_embeds", embeds_);
    if (request_.has_guidance()) {
      WAN_ASSIGN_OR_RETURN(negative_embeds_, EncodeAll(request_.negatives));
      CompareEmbeddings("negative_prompt_embeds", negative_embeds_);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<at::Tensor>> EncodeAll(const std::vector<std::string>& texts) {
    std::vector<at::Tensor> all;
    for (const std::string& text : texts) {
      WAN_ASSIGN_OR_RETURN(at::Tensor embeds, models_.prompt_encoder->Encode(text, request_.max_length));
      all.push_back(std::move(embeds));
    }
    return all;
  }

  // The case holds the rows up to the longest prompt; the rest must be zero.
  void CompareEmbeddings(const std::string& stage, const std::vector<at::Tensor>& by_prompt) {
    std::vector<at::Tensor> rows;
    for (int64_t video = 0; video < request_.batch(); ++video) rows.push_back(by_prompt[request_.PromptOf(video)]);
    const at::Tensor all = at::cat(rows).to(at::kCPU);
    const int64_t stored = golden_.Tensor(stage).size(1);
    report_.Compare(golden_, stage, StageInput::kEndToEnd, all.narrow(1, 0, stored));
    const at::Tensor rest = all.narrow(1, stored, all.size(1) - stored);
    report_.Compare(stage + " (padding)", StageInput::kEndToEnd, rest, at::zeros_like(rest), {});
  }

  void VerifySchedule() {
    CompareExactly("sigmas", StageInput::kReference, at::tensor(scheduler_->sigmas()));
    CompareExactly("timesteps", StageInput::kReference, at::tensor(scheduler_->timesteps()));
    for (int64_t step = 0; step < request_.num_steps; ++step) {
      const std::string stage = StepName(step, "in.timestep");
      if (!golden_.Has(stage)) continue;
      CompareExactly(stage, StageInput::kReference,
                     at::tensor(std::vector<double>(static_cast<size_t>(request_.batch()),
                                                    scheduler_->timesteps()[static_cast<size_t>(step)])));
    }
  }

  void VerifyNoise() {
    const auto shape = [&](int64_t batch) {
      return models_.geometry().Shape(batch, request_.num_frames, request_.height, request_.width);
    };
    if (request_.one_generator_each) {
      std::vector<at::Tensor> each;
      for (int64_t video = 0; video < request_.batch(); ++video) {
        each.push_back(MakeNoise(shape(1), request_.seed + video));
      }
      noise_ = at::cat(each);
    } else {
      noise_ = MakeNoise(shape(request_.batch()), request_.seed);
    }
    report_.Compare(golden_, "latents_init", StageInput::kEndToEnd, noise_);
    for (const char* stage : {"latents_at_first_step", "step.000.in.hidden_states"}) {
      if (golden_.Has(stage)) report_.Compare(golden_, stage, StageInput::kEndToEnd, noise_);
    }
  }

  at::Tensor ToDevice(const at::Tensor& values) const {
    return values.to(models_.device.device(), models_.scheduler_dtype);
  }

  // Keys and values of the reference's own embeddings, padded again, for one video.
  std::vector<PromptContext> ReferencePrompts(int64_t video) {
    std::vector<at::Tensor> embeds;
    for (const char* stage : {"prompt_embeds", "negative_prompt_embeds"}) {
      if (!golden_.Has(stage)) continue;
      const at::Tensor stored = golden_.Tensor(stage).narrow(0, video, 1);
      at::Tensor padded = at::zeros({1, request_.max_length, stored.size(2)}, stored.options());
      padded.narrow(1, 0, stored.size(1)).copy_(stored);
      embeds.push_back(padded.to(models_.device.device()));
    }
    return models_.transformer->PreparePrompts(embeds);
  }

  Guidance MakeGuidance(const std::vector<PromptContext>& prompts) const {
    return {.conditional = &prompts[0],
            .unconditional = request_.has_guidance() ? &prompts[1] : nullptr,
            .scale = request_.guidance_scale};
  }

  // Every prediction from the reference's latents, every solver step from the reference's prediction.
  void VerifySteps() {
    std::vector<std::vector<PromptContext>> prompts;
    for (int64_t video = 0; video < request_.batch(); ++video) prompts.push_back(ReferencePrompts(video));
    DenoiseState solver;
    solver.latents = ToDevice(golden_.Tensor("latents_init"));
    for (int64_t step = 0; step < request_.num_steps; ++step) {
      std::vector<at::Tensor> conditional, unconditional;
      for (int64_t video = 0; video < request_.batch(); ++video) {
        DenoiseState state = {.step = step, .latents = solver.latents.narrow(0, video, 1)};
        const StepPredictions predictions =
            Predict(*models_.transformer, *scheduler_, MakeGuidance(prompts[static_cast<size_t>(video)]), state);
        conditional.push_back(predictions.conditional);
        if (predictions.unconditional) unconditional.push_back(*predictions.unconditional);
      }
      at::Tensor guided = ToDevice(golden_.Tensor(StepName(step, "noise_cond")));
      report_.Compare(golden_, StepName(step, "noise_cond"), StageInput::kReference, at::cat(conditional));
      if (request_.has_guidance()) {
        const at::Tensor reference_uncond = ToDevice(golden_.Tensor(StepName(step, "noise_uncond")));
        report_.Compare(golden_, StepName(step, "noise_uncond"), StageInput::kReference, at::cat(unconditional));
        report_.Compare(golden_, StepName(step, "noise_guided"), StageInput::kReference,
                        Guide(guided, reference_uncond, request_.guidance_scale));
        guided = ToDevice(golden_.Tensor(StepName(step, "noise_guided")));
      }
      scheduler_->Step(guided, solver);
      report_.Compare(golden_, StepName(step, "latents"), StageInput::kReference, solver.latents);
      solver.latents = ToDevice(golden_.Tensor(StepName(step, "latents")));
    }
  }

  absl::Status VerifyDecode() {
    const at::Tensor final_latents = ToDevice(golden_.Tensor(StepName(request_.num_steps - 1, "latents")));
    report_.Compare(golden_, "vae_decode.0.latents", StageInput::kReference,
                    DenormalizeLatents(models_, final_latents));
    const at::Tensor input = golden_.Tensor("vae_decode.0.latents").to(models_.device.device(), models_.vae_dtype);
    std::vector<at::Tensor> videos;
    for (int64_t video = 0; video < request_.batch(); ++video) {
      WAN_ASSIGN_OR_RETURN(const Decoded decoded, DecodeAll(input.narrow(0, video, 1)));
      videos.push_back(decoded.video);
    }
    report_.Compare(golden_, "vae_decode.0.video", StageInput::kReference, at::cat(videos));
    report_.Compare("frames_u8", StageInput::kReference, QuantizeFrames(golden_.Tensor("vae_decode.0.video")),
                    golden_.Tensor("frames_u8"), {.max = 1});
    return absl::OkStatus();
  }

  struct Decoded {
    at::Tensor video;   // [1, 3, t, h, w]
    at::Tensor frames;  // [1, t, h, w, 3]
  };

  absl::StatusOr<Decoded> DecodeAll(const at::Tensor& denormalized) {
    std::vector<at::Tensor> videos, frames;
    WAN_RETURN_IF_ERROR(DecodeVideo(models_, denormalized, [&](const DecodedChunk& chunk) {
      videos.push_back(chunk.video.to(at::kCPU, at::kFloat));
      frames.push_back(chunk.frames.to(at::kCPU));
      return absl::OkStatus();
    }));
    return Decoded{at::cat(videos, 2), at::cat(frames).unsqueeze(0)};
  }

  absl::Status VerifyEndToEnd() {
    std::vector<std::vector<at::Tensor>> latents(static_cast<size_t>(request_.num_steps));
    std::vector<at::Tensor> inputs, videos, frames;
    for (int64_t video = 0; video < request_.batch(); ++video) {
      std::vector<at::Tensor> embeds = {embeds_[request_.PromptOf(video)]};
      if (request_.has_guidance()) embeds.push_back(negative_embeds_[request_.PromptOf(video)]);
      const std::vector<PromptContext> prompts = models_.transformer->PreparePrompts(embeds);
      DenoiseState state;
      state.latents = ToDevice(noise_.narrow(0, video, 1));
      WAN_RETURN_IF_ERROR(Denoise(*models_.transformer, *scheduler_, MakeGuidance(prompts), state,
                                  [&](const StepPredictions&, const DenoiseState& now) {
                                    latents[static_cast<size_t>(now.step - 1)].push_back(now.latents);
                                    return absl::OkStatus();
                                  }));
      inputs.push_back(DenormalizeLatents(models_, state.latents));
      WAN_ASSIGN_OR_RETURN(const Decoded decoded, DecodeAll(inputs.back()));
      videos.push_back(decoded.video);
      frames.push_back(decoded.frames);
      report_.frames_sha256.push_back(
          Sha256Hex({static_cast<const char*>(decoded.frames.const_data_ptr()), decoded.frames.nbytes()}));
    }
    for (int64_t step = 0; step < request_.num_steps; ++step) {
      report_.Compare(golden_, StepName(step, "latents"), StageInput::kEndToEnd,
                      at::cat(latents[static_cast<size_t>(step)]));
    }
    report_.Compare(golden_, "vae_decode.0.latents", StageInput::kEndToEnd, at::cat(inputs));
    report_.Compare(golden_, "vae_decode.0.video", StageInput::kEndToEnd, at::cat(videos));
    report_.Compare("frames_u8", StageInput::kEndToEnd, at::cat(frames), golden_.Tensor("frames_u8"), {.max = 1});
    return absl::OkStatus();
  }

  // Whole numbers, and floats that are a matter of a few exact operations.
  void CompareExactly(const std::string& stage, StageInput input, const at::Tensor& actual) {
    const at::Tensor expected = golden_.Tensor(stage);
    report_.Compare(stage, input, actual.to(expected.scalar_type()), expected, {});
  }

  const GoldenCase& golden_;
  const WanModels models_;
  const Request request_;
  const std::unique_ptr<NoiseScheduler> scheduler_;
  CaseReport& report_;
  std::vector<at::Tensor> embeds_, negative_embeds_;  // by prompt, [1, S, text_dim]
  at::Tensor noise_;                                  // [B, C, T, H, W]
};

}  // namespace

absl::Status VerifyPipeline(const GoldenCase& golden, const VerifyOptions& options, CaseReport& report) {
  Request request = ParseRequest(golden.json().at("request"));
  PipelineConfig config;
  config.checkpoint = options.model.empty() ? golden.ModelFolder() : options.model;
  config.dtype = options.dtype.empty() ? "f32" : options.dtype;
  config.device = options.device;
  config.threads = options.threads;
  WAN_ASSIGN_OR_RETURN(WanModels models, LoadWanModels(config));
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<NoiseScheduler> scheduler,
                       MakeReferenceScheduler(golden.json().at("scheduler"), request.num_steps, std::nullopt));
  report.facts["dtype"] = DtypeName(models.dtype);
  report.facts["model"] = config.checkpoint;
  return PipelineVerifier(golden, std::move(models), std::move(request), std::move(scheduler), report).Run();
}

}  // namespace wan

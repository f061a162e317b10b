// The cases of single components: text, noise scheduler, VAE, and one forward in bf16.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status_macros.h"
#include "worker/device/device.h"
#include "worker/diffusion/flow_euler_scheduler.h"
#include "worker/model/umt5_encoder.h"
#include "worker/model/vae_decoder.h"
#include "worker/model/vae_encoder.h"
#include "worker/model/wan_transformer.h"
#include "worker/text/prompt_cleaner.h"
#include "worker/text/umt5_tokenizer.h"
#include "worker/text/wrong_encoding.h"
#include "worker/tools/verify/reference_scheduler.h"
#include "worker/tools/verify/verify.h"

namespace wan {
namespace {

std::string Model(const GoldenCase& golden, const VerifyOptions& options) {
  return options.model.empty() ? golden.ModelFolder() : options.model;
}

at::ScalarType DtypeOr(const VerifyOptions& options, at::ScalarType fallback) {
  return options.dtype.empty() ? fallback : options.dtype == "bf16" ? at::kBFloat16 : at::kFloat;
}

// The linear model of the scheduler cases.
at::Tensor LinearFlow(const at::Tensor& x, const at::Tensor& b) { return x * 0.7 + b; }

}  // namespace

absl::Status VerifyBf16Forward(const GoldenCase& golden, const VerifyOptions& options, CaseReport& report) {
  WAN_ASSIGN_OR_RETURN(const Device device, Device::Open(options.device));
  const double timestep = golden.Tensor("timestep").to(at::kDouble)[0].item<double>();
  const struct {
    const char* stage;
    at::ScalarType dtype;
  } kRuns[] = {{"output_f32", at::kFloat}, {"output_bf16", at::kBFloat16}};
  for (const auto& run : kRuns) {
    if (DtypeOr(options, run.dtype) != run.dtype || !golden.Has(run.stage)) continue;
    WAN_ASSIGN_OR_RETURN(
        const std::unique_ptr<WanTransformer> transformer,
        WanTransformer::Load(absl::StrCat(Model(golden, options), "/transformer"), run.dtype, device.device()));
    // Both runs of the reference start from the inputs rounded to bf16.
    const auto input = [&](const char* name) {
      return golden.Tensor(name).to(at::kBFloat16).to(device.device(), run.dtype);
    };
    const std::vector<PromptContext> prompts = transformer->PreparePrompts({input("encoder_hidden_states")});
    const PromptContext* branch = &prompts[0];
    const std::vector<at::Tensor> flows = transformer->Forward(input("hidden_states"), timestep, {&branch, 1});
    report.Compare(golden, run.stage, StageInput::kReference, flows[0]);
  }
  return absl::OkStatus();
}

absl::Status VerifyScheduler(const GoldenCase& golden, const VerifyOptions&, CaseReport& report) {
  const nlohmann::json& description = golden.json().at("scheduler");
  // Sigmas 1 … 1/N handed to set_timesteps; the description of the class is the same, only the case's text says so.
  const bool unit_sigmas = absl::StrContains(golden.json().value("about", ""), "sigmas=linspace(1, 1/N, N)");
  const at::Tensor x_init = golden.Tensor("trajectory.x_init"), b = golden.Tensor("trajectory.b");
  for (const auto& steps_json : golden.json().at("steps")) {
    for (const auto& shift_json : golden.json().at("shifts")) {
      const auto steps = steps_json.get<int64_t>();
      const auto shift = shift_json.get<double>();
      const std::string run = absl::StrFormat("n%02d.shift%g", steps, shift);
      std::unique_ptr<NoiseScheduler> scheduler;
      if (unit_sigmas) {
        scheduler = MakeFlowEulerSchedulerFromUnitSigmas({.num_steps = steps, .flow_shift = shift});
      } else {
        WAN_ASSIGN_OR_RETURN(scheduler, MakeReferenceScheduler(description, steps, shift));
      }
      for (const auto& [stage, values] :
           {std::pair(run + ".sigmas", &scheduler->sigmas()), std::pair(run + ".timesteps", &scheduler->timesteps())}) {
        if (!golden.Has(stage)) continue;
        const at::Tensor expected = golden.Tensor(stage);
        report.Compare(stage, StageInput::kReference, at::tensor(*values).to(expected.scalar_type()), expected, {});
      }
      const std::string trajectory = absl::StrCat("trajectory.", run);
      if (!golden.Has(trajectory)) continue;
      DenoiseState state;
      state.latents = x_init;
      std::vector<at::Tensor> path;
      while (state.step < scheduler->num_steps()) {
        scheduler->Step(LinearFlow(state.latents, b), state);
        path.push_back(state.latents);
      }
      report.Compare(golden, trajectory, StageInput::kEndToEnd, at::stack(path));
    }
  }
  return absl::OkStatus();
}

absl::Status VerifyVae(const GoldenCase& golden, const VerifyOptions& options, CaseReport& report) {
  WAN_ASSIGN_OR_RETURN(const Device device, Device::Open(options.device));
  const std::string folder = absl::StrCat(Model(golden, options), "/vae");
  WAN_ASSIGN_OR_RETURN(const VaeConfig config, LoadVaeConfig(absl::StrCat(folder, "/config.json")));
  const at::ScalarType dtype = DtypeOr(options, at::kFloat);
  WAN_ASSIGN_OR_RETURN(const LoadedVae vae, LoadVae(folder, config, dtype, device.device()));
  for (const std::string& name : golden.TensorNames()) {
    if (absl::StartsWith(name, "stage.")) continue;
    if (absl::EndsWith(name, ".moments")) {
      const std::string pixels = absl::StrCat(absl::StripSuffix(name, ".moments"), ".pixels");
      VaeEncoder encoder(config, vae.weights, {});
      WAN_ASSIGN_OR_RETURN(const at::Tensor moments,
                           encoder.EncodeMoments(golden.Tensor(pixels).to(device.device(), dtype)));
      report.Compare(golden, name, StageInput::kReference, moments);
    } else if (absl::EndsWith(name, ".decoded")) {
      const std::string latents = absl::StrCat(absl::StripSuffix(name, ".decoded"), ".latents");
      VaeDecoder decoder(config, vae.weights, {});
      WAN_RETURN_IF_ERROR(decoder.Begin(golden.Tensor(latents).to(device.device(), dtype)));
      std::vector<at::Tensor> chunks;
      while (std::optional<at::Tensor> chunk = decoder.Next()) chunks.push_back(*chunk);
      report.Compare(golden, name, StageInput::kReference, at::cat(chunks, 2).clamp_(-1.0, 1.0));
    }
  }
  return absl::OkStatus();
}

absl::Status VerifyText(const GoldenCase& golden, const VerifyOptions& options, CaseReport& report) {
  const std::string model = Model(golden, options);
  WAN_ASSIGN_OR_RETURN(const Umt5Tokenizer tokenizer, Umt5Tokenizer::Load(absl::StrCat(model, "/tokenizer")));
  const nlohmann::json& strings = golden.json().at("strings");
  const at::Tensor expected_ids = golden.Tensor("input_ids");
  const int64_t max_length = expected_ids.size(1);
  for (size_t i = 0; i < strings.size(); ++i) {
    const nlohmann::json& row = strings[i];
    const std::string cleaned = row.at("cleaned").get<std::string>();
    const std::string number = absl::StrFormat("%02d", i);
    const std::string text = row.at("text").get<std::string>();
    const std::string ours = CleanPrompt(text);
    if (ours != cleaned && (row.value("needs_encoding_repair", false) || HasWrongEncoding(text))) {
      report.notes.push_back(absl::StrCat("strings.", number,
                                          ": the repair of wrong encodings is not done, a known "
                                          "difference; its ids are compared from the reference's cleaned text"));
    } else {
      report.CompareText(absl::StrCat("cleaned.", number), ours, cleaned);
    }
    const TokenizedPrompt tokens = tokenizer.Encode(cleaned, max_length);
    at::Tensor ids = at::zeros({max_length}, at::TensorOptions(at::kLong));
    ids.narrow(0, 0, static_cast<int64_t>(tokens.ids.size())).copy_(at::tensor(tokens.ids));
    report.Compare(absl::StrCat("input_ids.", number), StageInput::kReference, ids,
                   expected_ids[static_cast<int64_t>(i)], {});
  }
  if (golden.Has("relative_bucket")) {
    WAN_ASSIGN_OR_RETURN(const Umt5Config config, LoadUmt5Config(absl::StrCat(model, "/text_encoder/config.json")));
    report.Compare("relative_bucket", StageInput::kReference,
                   RelativePositionBucket(golden.Tensor("relative_position"), config.num_buckets, config.max_distance),
                   golden.Tensor("relative_bucket"), {});
  }
  std::unique_ptr<Umt5Encoder> encoder;
  for (const std::string& name : golden.TensorNames()) {
    if (!absl::StartsWith(name, "embeds.")) continue;
    if (encoder == nullptr) {
      WAN_ASSIGN_OR_RETURN(const Device device, Device::Open(options.device));
      WAN_ASSIGN_OR_RETURN(encoder, Umt5Encoder::Load(absl::StrCat(model, "/text_encoder"),
                                                      DtypeOr(options, at::kFloat), device.device()));
    }
    const auto index = static_cast<size_t>(std::stoul(name.substr(std::string("embeds.").size())));
    const auto ids = tokenizer.Encode(strings.at(index).at("cleaned").get<std::string>(), max_length).ids;
    report.Compare(golden, name, StageInput::kReference, encoder->Encode(ids, static_cast<int64_t>(ids.size())));
  }
  return absl::OkStatus();
}

}  // namespace wan

#include "common/generation/spec.h"

#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/generation/model_catalog.h"
#include "common/generation/spec_checks.h"
#include "common/log.h"

namespace wan {
namespace {

struct SchedulerRow {
  NoiseSchedulerKind kind;
  absl::string_view name;
};
constexpr SchedulerRow kSchedulers[] = {
    {NoiseSchedulerKind::kUniPC, "unipc"}, {NoiseSchedulerKind::kEuler, "euler"}, {NoiseSchedulerKind::kDpm, "dpm++"}};

struct CodecRow {
  VideoCodec codec;
  absl::string_view name;
  absl::string_view container;
};
constexpr CodecRow kCodecs[] = {{VideoCodec::kH264, "h264", "mp4"}, {VideoCodec::kFfv1, "ffv1", "mkv"}};

template <typename Row, size_t N>
std::vector<std::string> Names(const Row (&rows)[N]) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.emplace_back(row.name);
  return names;
}

bool ParsePositive(absl::string_view text, int32_t* value) {
  const bool is_digits = !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos;
  return is_digits && absl::SimpleAtoi(text, value) && *value > 0;
}

}  // namespace

absl::StatusOr<FrameRate> ParseFrameRate(absl::string_view text) {
  const size_t slash = text.find('/');
  FrameRate rate;
  if (!ParsePositive(text.substr(0, slash), &rate.numerator) ||
      (slash != absl::string_view::npos && !ParsePositive(text.substr(slash + 1), &rate.denominator))) {
    return absl::InvalidArgumentError(absl::StrCat(
        QuoteBriefly(text), " is not a frame rate: give a whole number or a fraction, as 16 or 30000/1001"));
  }
  return rate;
}

std::string FormatFrameRate(const FrameRate& rate) {
  return rate.denominator == 1 ? absl::StrCat(rate.numerator) : absl::StrCat(rate.numerator, "/", rate.denominator);
}

absl::string_view NoiseSchedulerName(NoiseSchedulerKind kind) {
  for (const SchedulerRow& row : kSchedulers) {
    if (row.kind == kind) return row.name;
  }
  WAN_CHECK(false);
  return "";
}

std::optional<NoiseSchedulerKind> ParseNoiseScheduler(absl::string_view name) {
  for (const SchedulerRow& row : kSchedulers) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

std::vector<std::string> NoiseSchedulerNames() { return Names(kSchedulers); }

absl::string_view VideoCodecName(VideoCodec codec) {
  for (const CodecRow& row : kCodecs) {
    if (row.codec == codec) return row.name;
  }
  WAN_CHECK(false);
  return "";
}

absl::string_view VideoContainerName(VideoCodec codec) {
  for (const CodecRow& row : kCodecs) {
    if (row.codec == codec) return row.container;
  }
  WAN_CHECK(false);
  return "";
}

std::optional<VideoCodec> ParseVideoCodec(absl::string_view name) {
  for (const CodecRow& row : kCodecs) {
    if (row.name == name) return row.codec;
  }
  return std::nullopt;
}

std::vector<std::string> VideoCodecNames() { return Names(kCodecs); }

int64_t RandomSeed() {
  uint32_t seed = 0;
  WAN_CHECK(::getentropy(&seed, sizeof(seed)) == 0);
  return seed;
}

absl::StatusOr<ResolvedSpec> ResolveSpec(const GenerationRequest& request, const ModelEntry& entry,
                                         int64_t (*choose_seed)()) {
  const ModelLimits& limits = entry.limits;
  ResolvedSpec resolved;
  GenerationSpec& spec = resolved.spec;
  spec = entry.defaults;
  spec.model = entry.name;
  spec.prompt = request.prompt;
  resolved.origins = {{"model", ValueOrigin::kRequest}, {"prompt", ValueOrigin::kRequest}};

  const auto take = [&](const char* name, const auto& given, auto* value) {
    resolved.origins[name] = given.has_value() ? ValueOrigin::kRequest : ValueOrigin::kModel;
    if (given.has_value()) *value = *given;
  };
  take("negative_prompt", request.negative_prompt, &spec.negative_prompt);
  take("width", request.width, &spec.width);
  take("height", request.height, &spec.height);
  take("num_frames", request.num_frames, &spec.num_frames);
  take("fps", request.fps, &spec.fps);
  take("num_steps", request.num_steps, &spec.num_steps);
  take("guidance_scale", request.guidance_scale, &spec.guidance_scale);
  take("flow_shift", request.flow_shift, &spec.flow_shift);
  take("num_videos", request.num_videos, &spec.num_videos);
  std::string scheduler(NoiseSchedulerName(spec.scheduler));
  take("scheduler", request.scheduler, &scheduler);
  std::string codec(VideoCodecName(spec.codec));
  take("codec", request.codec, &codec);
  take("seed", request.seed, &spec.seed);
  if (!request.seed.has_value()) {
    resolved.origins["seed"] = ValueOrigin::kServer;
    spec.seed = choose_seed();
  }

  SpecChecks checks;
  checks.Text("prompt", spec.prompt, limits.max_prompt_bytes);
  checks.Text("negative_prompt", spec.negative_prompt, limits.max_prompt_bytes);
  const bool sides_are_legal = checks.Side("width", spec.width, limits) & checks.Side("height", spec.height, limits);
  if (sides_are_legal) checks.Pixels(spec.width, spec.height, limits);
  checks.Frames("num_frames", spec.num_frames, limits.max_frames);
  checks.Rate("fps", spec.fps);
  checks.Range("num_steps", spec.num_steps, 1, limits.max_steps);
  checks.Number("guidance_scale", spec.guidance_scale, 0, /*excludes_min=*/false, 100);
  checks.Number("flow_shift", spec.flow_shift, 0, /*excludes_min=*/true, 100);
  if (const auto kind = ParseNoiseScheduler(scheduler)) {
    spec.scheduler = *kind;
  } else {
    checks.UnknownName("scheduler", scheduler, NoiseSchedulerNames());
  }
  if (const auto parsed = ParseVideoCodec(codec)) {
    spec.codec = *parsed;
  } else {
    checks.UnknownName("codec", codec, VideoCodecNames());
  }
  const bool videos_are_legal = checks.Range("num_videos", spec.num_videos, 1, limits.max_videos);
  checks.Seed("seed", spec.seed, videos_are_legal ? spec.num_videos : 1);

  if (!checks.violations().empty()) return InvalidSpecError(checks.violations());
  return resolved;
}

}  // namespace wan

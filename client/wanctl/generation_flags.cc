#include "client/wanctl/generation_flags.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/error.h"

namespace wan {
namespace {

// Digits with a minus sign at most: "1e3", "0x10", "1.5" and " 5" are refused, not guessed at.
bool IsWholeNumber(absl::string_view text) {
  absl::ConsumePrefix(&text, "-");
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
}

// Text → value; each failure adds a violation.
class Parser {
 public:
  std::optional<int64_t> Integer(const std::optional<FlagText>& flag, int64_t minimum, int64_t maximum) {
    if (!flag.has_value()) return std::nullopt;
    int64_t value = 0;
    if (IsWholeNumber(flag->text) && absl::SimpleAtoi(flag->text, &value) && value >= minimum && value <= maximum) {
      return value;
    }
    Refuse(*flag, absl::StrCat(QuoteBriefly(flag->text), " is not a whole number from ", minimum, " to ", maximum));
    return std::nullopt;
  }

  // What the message type can carry; the model's limits are narrower.
  std::optional<int64_t> Count(const std::optional<FlagText>& flag) {
    return Integer(flag, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
  }

  std::optional<double> Number(const std::optional<FlagText>& flag) {
    if (!flag.has_value()) return std::nullopt;
    double value = 0;
    if (!flag->text.empty() && !absl::ascii_isspace(flag->text.front()) && !absl::ascii_isspace(flag->text.back()) &&
        absl::SimpleAtod(flag->text, &value)) {
      return value;
    }
    Refuse(*flag, absl::StrCat(QuoteBriefly(flag->text), " is not a number"));
    return std::nullopt;
  }

  std::optional<std::string> Text(const std::optional<FlagText>& flag) {
    if (!flag.has_value()) return std::nullopt;
    const std::optional<size_t> invalid = FirstInvalidUtf8Byte(flag->text);
    if (!invalid.has_value()) return flag->text;
    Refuse(*flag, absl::StrCat("not UTF-8 from byte ", *invalid, " on"));
    return std::nullopt;
  }

  std::optional<FrameRate> Rate(const std::optional<FlagText>& flag) {
    if (!flag.has_value()) return std::nullopt;
    const absl::StatusOr<FrameRate> rate = ParseFrameRate(flag->text);
    if (rate.ok()) return *rate;
    Refuse(*flag, std::string(rate.status().message()));
    return std::nullopt;
  }

  void Refuse(const FlagText& flag, std::string description) {
    violations_.push_back({flag.source, std::move(description)});
  }

  std::vector<FieldViolation>& violations() { return violations_; }

 private:
  std::vector<FieldViolation> violations_;
};

}  // namespace

absl::Span<const GenerationFlag> AllGenerationFlags() {
  using F = GenerationFlags;
  // The prompt is what differs from call to call: no variable, lest an old one be used unseen.
  static constexpr GenerationFlag kFlags[] = {
      {"--model", "WANCTL_MODEL", "model", "NAME",
       "Model, as 'wanctl models' names it; may be left out where there is one", &F::model},
      {"--prompt", nullptr, "prompt", "TEXT", "What the video shows (UTF-8)", &F::prompt},
      {"--negative", "WANCTL_NEGATIVE", "negative_prompt", "TEXT", "What it should not show; needs a guidance above 1",
       &F::negative},
      {"--width", "WANCTL_WIDTH", "width", "PIXELS", "A multiple of 16 (of the model's size multiple)", &F::width},
      {"--height", "WANCTL_HEIGHT", "height", "PIXELS", "A multiple of 16 (of the model's size multiple)", &F::height},
      {"--frames", "WANCTL_FRAMES", "num_frames", "N", "Number of frames, 4n+1", &F::frames},
      {"--fps", "WANCTL_FPS", "fps", "RATE", "Frames per second: 16 or 30000/1001", &F::fps},
      {"--steps", "WANCTL_STEPS", "num_steps", "N", "Denoising steps", &F::steps},
      {"--guidance", "WANCTL_GUIDANCE", "guidance_scale", "X", "Guidance scale; 1 or less: none", &F::guidance},
      {"--shift", "WANCTL_SHIFT", "flow_shift", "X", "Flow shift of the noise schedule", &F::shift},
      {"--scheduler", "WANCTL_SCHEDULER", "scheduler", "NAME", "Noise scheduler: unipc, euler or dpm++", &F::scheduler},
      {"--seed", "WANCTL_SEED", "seed", "N", "0 to 9223372036854775807; video i has seed N+i", &F::seed},
      {"--videos", "WANCTL_VIDEOS", "num_videos", "N", "How many videos of the prompt", &F::videos},
      {"--codec", "WANCTL_CODEC", "codec", "NAME", "h264 (MP4) or ffv1 (Matroska, lossless)", &F::codec},
  };
  return kFlags;
}

absl::StatusOr<GenerationRequest> ParseGenerationFlags(const GenerationFlags& flags) {
  Parser parser;
  GenerationRequest request;
  request.model = parser.Text(flags.model).value_or("");
  if (!flags.prompt.has_value()) parser.Refuse({"--prompt", ""}, "is needed (it may be empty: --prompt \"\")");
  request.prompt = parser.Text(flags.prompt).value_or("");
  request.negative_prompt = parser.Text(flags.negative);
  request.width = parser.Count(flags.width);
  request.height = parser.Count(flags.height);
  request.num_frames = parser.Count(flags.frames);
  request.fps = parser.Rate(flags.fps);
  request.num_steps = parser.Count(flags.steps);
  request.guidance_scale = parser.Number(flags.guidance);
  request.flow_shift = parser.Number(flags.shift);
  request.scheduler = parser.Text(flags.scheduler);
  request.seed = parser.Integer(flags.seed, 0, std::numeric_limits<int64_t>::max());
  request.num_videos = parser.Count(flags.videos);
  request.codec = parser.Text(flags.codec);
  if (!parser.violations().empty()) return InvalidSpecError(std::move(parser.violations()));
  return request;
}

std::string FlagOfField(absl::string_view field) {
  absl::string_view name = absl::StripPrefix(field, "spec.");
  name = name.substr(0, name.find('.'));  // "fps.numerator"
  for (const GenerationFlag& flag : AllGenerationFlags()) {
    if (name == flag.spec_field) return flag.flag;
  }
  return std::string(field);
}

}  // namespace wan

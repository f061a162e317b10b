// What to make: the request as a caller gives it, the resolved spec that runs, and the check between them. Without
// protobuf, since the numerical core uses it; the conversion is common/generation/spec_proto.
#ifndef WAN_COMMON_GENERATION_SPEC_H_
#define WAN_COMMON_GENERATION_SPEC_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/error.h"
#include "common/nearest_name.h"  // IWYU pragma: export
#include "common/utf8.h"          // IWYU pragma: export

namespace wan {

struct ModelEntry;

// An exact rate: 16/1, 30000/1001. Kept as given, not reduced.
struct FrameRate {
  int32_t numerator = 16;
  int32_t denominator = 1;
  friend bool operator==(const FrameRate&, const FrameRate&) = default;
};

// "16", "30000/1001" (no decimals: they cannot name 30000/1001). Error: INVALID_ARGUMENT with the value and the form.
absl::StatusOr<FrameRate> ParseFrameRate(absl::string_view text);
std::string FormatFrameRate(const FrameRate& rate);

enum class NoiseSchedulerKind { kUniPC, kEuler, kDpm };
absl::string_view NoiseSchedulerName(NoiseSchedulerKind kind);  // "unipc", "euler", "dpm++"
std::optional<NoiseSchedulerKind> ParseNoiseScheduler(absl::string_view name);
std::vector<std::string> NoiseSchedulerNames();

enum class VideoCodec { kH264, kFfv1 };
absl::string_view VideoCodecName(VideoCodec codec);      // "h264", "ffv1"
absl::string_view VideoContainerName(VideoCodec codec);  // "mp4", "mkv"; also the file extension
std::optional<VideoCodec> ParseVideoCodec(absl::string_view name);
std::vector<std::string> VideoCodecNames();

// As a caller gives it. Absent means the model's default, which differs from zero. The initialisers let a caller name
// just the fields that it sets.
struct GenerationRequest {
  std::string model = {};
  std::string prompt = {};
  std::optional<std::string> negative_prompt = {};
  std::optional<int64_t> width = {};
  std::optional<int64_t> height = {};
  std::optional<int64_t> num_frames = {};
  std::optional<FrameRate> fps = {};
  std::optional<int64_t> num_steps = {};
  std::optional<double> guidance_scale = {};
  std::optional<double> flow_shift = {};
  std::optional<std::string> scheduler = {};
  std::optional<int64_t> seed = {};
  std::optional<int64_t> num_videos = {};
  std::optional<std::string> codec = {};
};

// Resolved: what runs. Valid for the model entry that it was resolved against.
struct GenerationSpec {
  std::string model;
  std::string prompt;
  std::string negative_prompt;
  int64_t width = 0;
  int64_t height = 0;
  int64_t num_frames = 0;
  FrameRate fps;
  int64_t num_steps = 0;
  double guidance_scale = 0;
  double flow_shift = 0;
  NoiseSchedulerKind scheduler = NoiseSchedulerKind::kUniPC;
  int64_t seed = 0;  // of video 0; video i has seed + i (wrapping below 2^63 is refused at resolve time)
  int64_t num_videos = 1;
  VideoCodec codec = VideoCodec::kH264;

  // As in Diffusers: the unconditional branch is computed only above 1.
  bool has_guidance() const { return guidance_scale > 1.0; }
  friend bool operator==(const GenerationSpec&, const GenerationSpec&) = default;
};

enum class ValueOrigin { kRequest, kModel, kServer };

struct ResolvedSpec {
  GenerationSpec spec;
  std::map<std::string, ValueOrigin> origins;  // by field name ("width"), every field of GenerationSpec
};

// Fills absent fields from `entry`, fixes the seed with `choose_seed` (below 2^32) if absent, and checks everything.
// Error: INVALID_ARGUMENT / INVALID_SPEC with one violation for each bad field, all at once, fields named
// "spec.width"; each gives the value, what is allowed, and the nearest legal value where there is one.
absl::StatusOr<ResolvedSpec> ResolveSpec(const GenerationRequest& request, const ModelEntry& entry,
                                         int64_t (*choose_seed)());

// A seed below 2^32 from the operating system's entropy.
int64_t RandomSeed();

}  // namespace wan

#endif  // WAN_COMMON_GENERATION_SPEC_H_

#include "common/generation/model_catalog.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/config/yaml_reader.h"
#include "common/status_macros.h"

namespace wan {
namespace {

constexpr int64_t kLargestSide = 8192;
constexpr int64_t kLargestCount = 1'000'000;

const std::vector<std::string>& KnownTasks() {
  static const std::vector<std::string> tasks = {"t2v"};
  return tasks;
}

ModelLimits ReadLimits(const YamlReader& yaml) {
  ModelLimits limits;
  limits.size_multiple = yaml.Int("size_multiple", limits.size_multiple, {.min = 1, .max = 256});
  limits.min_side = yaml.Int("min_side", limits.min_side, {.min = 1, .max = kLargestSide});
  limits.max_side = yaml.Int("max_side", limits.max_side, {.min = 1, .max = kLargestSide});
  limits.max_pixels = yaml.Int("max_pixels", limits.max_pixels, {.min = 1, .max = kLargestSide * kLargestSide});
  limits.max_frames = yaml.Int("max_frames", limits.max_frames, {.min = 1, .max = kLargestCount});
  limits.max_steps = yaml.Int("max_steps", limits.max_steps, {.min = 1, .max = 1000});
  limits.max_videos = yaml.Int("max_videos", limits.max_videos, {.min = 1, .max = 1000});
  limits.max_prompt_bytes = yaml.Int("max_prompt_bytes", limits.max_prompt_bytes, {.min = 0, .max = 1 << 20});

  // What "nearest legal value" relies on.
  if (limits.min_side % limits.size_multiple != 0) yaml.Fault("min_side", "must be a multiple of size_multiple");
  if (limits.max_side % limits.size_multiple != 0) yaml.Fault("max_side", "must be a multiple of size_multiple");
  if (limits.min_side > limits.max_side) yaml.Fault("min_side", "must be at most max_side");
  if (limits.min_side * limits.min_side > limits.max_pixels)
    yaml.Fault("max_pixels", "must be at least min_side x min_side");
  if (limits.max_frames % 4 != 1) yaml.Fault("max_frames", "must be 4n+1");
  return limits;
}

GenerationSpec ReadDefaults(const YamlReader& yaml) {
  // These differ between the variants; a variant without them would silently get another one's.
  for (const char* key : {"width", "height", "num_frames", "fps", "num_steps", "guidance_scale", "flow_shift"}) {
    if (!yaml.Has(key)) yaml.Fault(key, "is required");
  }
  GenerationSpec spec;
  spec.negative_prompt = yaml.String("negative_prompt", "");
  spec.width = yaml.Int("width", 0);
  spec.height = yaml.Int("height", 0);
  spec.num_frames = yaml.Int("num_frames", 0);
  spec.num_steps = yaml.Int("num_steps", 0);
  spec.guidance_scale = yaml.Double("guidance_scale", 0);
  spec.flow_shift = yaml.Double("flow_shift", 0);
  spec.num_videos = yaml.Int("num_videos", 1);
  const absl::StatusOr<FrameRate> fps = ParseFrameRate(yaml.String("fps", "16"));
  if (fps.ok()) {
    spec.fps = *fps;
  } else {
    yaml.Fault("fps", fps.status().message());
  }
  spec.scheduler = *ParseNoiseScheduler(yaml.Choice("scheduler", "unipc", NoiseSchedulerNames()));
  spec.codec = *ParseVideoCodec(yaml.Choice("codec", "h264", VideoCodecNames()));
  return spec;
}

bool IsModelName(const std::string& name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_") == std::string::npos;
}

ModelEntry ReadEntry(const YamlReader& yaml) {
  ModelEntry entry;
  entry.name = yaml.String("name");
  if (yaml.Has("name") && !IsModelName(entry.name)) {
    yaml.Fault("name", "must be of a-z, 0-9, '.', '-', '_' and at most 64 long");
  }
  entry.display_name = yaml.String("display_name", entry.name);
  entry.tasks = yaml.Strings("tasks", {"t2v"});
  for (const std::string& task : entry.tasks) {
    if (std::count(KnownTasks().begin(), KnownTasks().end(), task) == 0) {
      yaml.Fault("tasks",
                 absl::StrCat(QuoteBriefly(task), " is unknown; allowed: ", absl::StrJoin(KnownTasks(), ", ")));
    }
  }
  if (entry.tasks.empty()) yaml.Fault("tasks", "must name at least one task");
  entry.limits = ReadLimits(yaml.Section("limits"));
  entry.defaults = ReadDefaults(yaml.Section("defaults"));
  return entry;
}

// A request without any wish must be legal.
void CheckDefaults(const ModelEntry& entry, const YamlReader& defaults) {
  const auto resolved = ResolveSpec(GenerationRequest{}, entry, [] { return int64_t{0}; });
  for (const FieldViolation& violation : GetErrorDetails(resolved.status()).violations) {
    defaults.Fault(absl::StripPrefix(violation.field, "spec."), violation.description);
  }
}

}  // namespace

absl::StatusOr<ModelCatalog> ModelCatalog::Load(const std::string& path) {
  WAN_ASSIGN_OR_RETURN(const YamlReader root, YamlReader::Load(path));
  return Read(root);
}

absl::StatusOr<ModelCatalog> ModelCatalog::Parse(const std::string& yaml, const std::string& name_in_errors) {
  WAN_ASSIGN_OR_RETURN(const YamlReader root, YamlReader::Parse(yaml, name_in_errors));
  return Read(root);
}

absl::StatusOr<ModelCatalog> ModelCatalog::Read(const YamlReader& root) {
  ModelCatalog catalog;
  std::vector<std::pair<ModelEntry, YamlReader>> entries;
  for (const YamlReader& yaml : root.List("models")) {
    ModelEntry entry = ReadEntry(yaml);
    entries.emplace_back(entry, yaml.Section("defaults"));
    const std::string name = entry.name;
    if (!catalog.models_.emplace(name, std::move(entry)).second) yaml.Fault("name", "given twice");
  }
  if (!root.Has("models")) root.Fault("models", "is required");
  WAN_RETURN_IF_ERROR(root.Finish());
  // Only now: limits that are faults themselves would make followers.
  for (const auto& [entry, defaults] : entries) CheckDefaults(entry, defaults);
  WAN_RETURN_IF_ERROR(root.Finish());
  return catalog;
}

const ModelEntry* ModelCatalog::Find(absl::string_view name) const {
  const auto found = models_.find(std::string(name));
  return found == models_.end() ? nullptr : &found->second;
}

absl::Status ModelCatalog::UnknownModelError(absl::string_view name) const {
  std::vector<std::string> names;
  for (const auto& [known, entry] : models_) names.push_back(known);
  const std::optional<std::string> nearest = NearestName(name, names);
  const std::string description = absl::StrCat(
      name.empty() ? "is required" : absl::StrCat(QuoteBriefly(name), " is unknown"),
      "; models: ", absl::StrJoin(names, ", "), nearest.has_value() ? absl::StrCat("; nearest is ", *nearest) : "");
  return WithDetails(absl::NotFoundError(absl::StrCat("spec.model: ", description)),
                     {.reason = kModelNotServed, .metadata = {}, .violations = {{"spec.model", description}}});
}

}  // namespace wan

// The Wan variants as data: defaults and limits per model, read from configs/models.yaml.
#ifndef WAN_COMMON_GENERATION_MODEL_CATALOG_H_
#define WAN_COMMON_GENERATION_MODEL_CATALOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/generation/spec.h"

namespace wan {

class YamlReader;

struct ModelLimits {
  int64_t size_multiple = 16;  // VAE stride x patch: 16 for Wan 2.1, 32 for TI2V-5B
  int64_t min_side = 16;
  int64_t max_side = 1280;
  int64_t max_pixels = 1280 * 720;  // width x height
  int64_t max_frames = 129;         // frames are 4n+1
  int64_t max_steps = 1000;
  int64_t max_videos = 8;
  int64_t max_prompt_bytes = 8192;  // of prompt and of negative prompt, each
};

struct ModelEntry {
  std::string name;  // "wan-shapes", "t2v-1.3b"
  std::string display_name;
  std::vector<std::string> tasks;  // {"t2v"}
  GenerationSpec defaults;         // every field but model, prompt and seed; num_videos 1
  ModelLimits limits;
};

// Immutable after loading; any thread.
class ModelCatalog {
 public:
  // Error: INVALID_ARGUMENT with file, path of the key and what is allowed.
  static absl::StatusOr<ModelCatalog> Load(const std::string& path);
  static absl::StatusOr<ModelCatalog> Parse(const std::string& yaml, const std::string& name_in_errors);

  // Null when there is no such model. Valid as long as the catalog.
  const ModelEntry* Find(absl::string_view name) const;
  const std::map<std::string, ModelEntry>& models() const { return models_; }

  // NOT_FOUND / MODEL_NOT_SERVED with a violation on "spec.model" that lists the models and the nearest name.
  absl::Status UnknownModelError(absl::string_view name) const;

 private:
  static absl::StatusOr<ModelCatalog> Read(const YamlReader& root);

  std::map<std::string, ModelEntry> models_;
};

}  // namespace wan

#endif  // WAN_COMMON_GENERATION_MODEL_CATALOG_H_

#include "worker/media/video_metadata.h"

#include "absl/strings/str_cat.h"
#include "common/sha256.h"
#include "common/version.h"

namespace wan {

std::map<std::string, std::string> VideoMetadata(const GenerationSpec& spec, int64_t index) {
  return {
      {"wan_model", spec.model},
      {"wan_seed", absl::StrCat(spec.seed + index)},
      {"wan_prompt_sha256", Sha256Hex(spec.prompt)},
      {"wan_version", BuildVersion()},
  };
}

}  // namespace wan

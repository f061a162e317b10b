#include "worker/media/video_metadata.h"

#include "absl/strings/str_cat.h"
#include "worker/media/sha256.h"

namespace wan {

std::map<std::string, std::string> VideoMetadata(const GenerationSpec& spec, int64_t index,
                                                 absl::string_view program_version) {
  return {
      {"wan_model", spec.model},
      {"wan_seed", absl::StrCat(spec.seed + index)},
      {"wan_prompt_sha256", Sha256Hex(spec.prompt)},
      {"wan_version", std::string(program_version.data(), program_version.size())},
  };
}

}  // namespace wan

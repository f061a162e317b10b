#ifndef WAN_WORKER_MEDIA_VIDEO_METADATA_H_
#define WAN_WORKER_MEDIA_VIDEO_METADATA_H_

#include <cstdint>
#include <map>
#include <string>

#include "common/generation/spec.h"

namespace wan {

// The tags of video `index` of a job, enough to find out whether and how it can be made again: wan_model, wan_seed
// (this video's own), wan_prompt_sha256 (of the prompt's UTF-8 bytes; the text itself is not stored) and wan_version
// (of this program).
std::map<std::string, std::string> VideoMetadata(const GenerationSpec& spec, int64_t index);

}  // namespace wan

#endif  // WAN_WORKER_MEDIA_VIDEO_METADATA_H_

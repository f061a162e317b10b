// Names of downloaded files.
#ifndef WAN_CLIENT_WANCTL_OUTPUT_FILES_H_
#define WAN_CLIENT_WANCTL_OUTPUT_FILES_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "wan/v1/job.pb.h"

namespace wan {

// `output` as given, or "JOB.EXTENSION" in the current folder. Of several videos: "-INDEX" before the extension.
std::string OutputPath(const std::optional<std::string>& output, const std::string& job_id, const v1::Video& video,
                       bool is_one_of_several);

// "clip-1.mp4" for ("clip.mp4", 1). A dot that begins the file's name begins no extension.
std::string IndexedPath(const std::string& path, int index);

// What is odd about `path` for videos of `codec`; nullopt when the extension is right, absent or unknown.
std::optional<std::string> ExtensionWarning(const std::string& path, absl::string_view codec);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_OUTPUT_FILES_H_

#ifndef WAN_WORKER_MEDIA_FILE_SHA256_H_
#define WAN_WORKER_MEDIA_FILE_SHA256_H_

#include <string>

#include "absl/status/statusor.h"

namespace wan {

// 64 lower-case hexadecimal digits. Error: INTERNAL / STORAGE with the path when the file cannot be read.
absl::StatusOr<std::string> FileSha256(const std::string& path);

}  // namespace wan

#endif  // WAN_WORKER_MEDIA_FILE_SHA256_H_

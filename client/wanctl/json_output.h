// Messages as JSON: the standard proto mapping with the field names of the .proto files, every field written, 64-bit
// integers (seeds, sizes) as strings, so that no reader rounds them to 53 bits.
#ifndef WAN_CLIENT_WANCTL_JSON_OUTPUT_H_
#define WAN_CLIENT_WANCTL_JSON_OUTPUT_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "wan/v1/job.pb.h"

namespace wan {

enum class JsonLayout { kIndented, kOneLine };

// Ends with a line feed. Details of a type that this program does not know are left out of errors.
// Error: INTERNAL for content that has no JSON form (a time beyond the year 9999).
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message, JsonLayout layout);

// A job with "path" added to each element of "videos" that is in `paths` (by index).
absl::StatusOr<std::string> ToJson(const v1::Job& job, const std::map<int, std::string>& paths);

// {"version": "0.1.0"}
std::string VersionJson(const std::string& version);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_JSON_OUTPUT_H_

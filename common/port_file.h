#ifndef WAN_COMMON_PORT_FILE_H_
#define WAN_COMMON_PORT_FILE_H_

#include <string>

#include "absl/status/status.h"

namespace wan {

// Tells who started the program which port it listens on: the port in decimal and a line end, there as a whole or not
// at all, replacing an earlier file. Nothing for an empty path. INTERNAL / STORAGE with path and cause.
absl::Status WritePortFile(const std::string& path, int port);

}  // namespace wan

#endif  // WAN_COMMON_PORT_FILE_H_

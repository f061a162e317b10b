#include "common/port_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace wan {

absl::Status WritePortFile(const std::string& path, int port) {
  if (path.empty()) return absl::OkStatus();
  const std::string temporary = path + ".partial";
  std::ofstream file(temporary, std::ios::trunc);
  file << port << "\n";
  file.close();
  if (file.fail() || std::rename(temporary.c_str(), path.c_str()) != 0) {
    return MakeError(absl::StatusCode::kInternal, kStorage,
                     absl::StrCat("write port file ", path, ": ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace wan

#include "worker/media/file_sha256.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/sha256.h"

namespace wan {

absl::StatusOr<std::string> FileSha256(const std::string& path) {
  const auto error = [&path] {
    return MakeError(absl::StatusCode::kInternal, kStorage, absl::StrCat("read ", path, ": ", std::strerror(errno)));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) return error();
  Sha256 sha256;
  std::vector<char> buffer(1 << 18);
  while (const size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    sha256.Update({buffer.data(), size});
  }
  if (std::ferror(file.get())) return error();
  return sha256.HexDigest();
}

}  // namespace wan

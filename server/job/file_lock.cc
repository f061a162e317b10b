#include "server/job/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace wan {

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Take(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) {
    return MakeError(absl::StatusCode::kInternal, kStorage,
                     absl::StrCat("open lock file ", path, ": ", std::strerror(errno)));
  }
  std::unique_ptr<FileLock> lock(new FileLock(file));
  if (flock(file, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) {
    return absl::FailedPreconditionError(absl::StrCat("in use by another process: ", path, " is locked"));
  }
  return MakeError(absl::StatusCode::kInternal, kStorage, absl::StrCat("lock ", path, ": ", std::strerror(errno)));
}

FileLock::~FileLock() { close(file_); }

}  // namespace wan

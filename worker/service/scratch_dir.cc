#include "worker/service/scratch_dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"

namespace wan {
namespace {

namespace fs = std::filesystem;
constexpr char kPrefix[] = "ring-";
constexpr char kLockName[] = ".lock";

int OpenLock(const fs::path& path) { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); }

// A full disk may have room again later; anything else is the operator's to mend.
absl::Status Unusable(const std::string& path, int error) {
  const std::string message = absl::StrCat("video.scratch_dir: cannot use ", path, ": ", std::strerror(error));
  return error == ENOSPC || error == EDQUOT ? absl::UnavailableError(message) : absl::FailedPreconditionError(message);
}

void Remove(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) {
    WAN_LOG(WARNING) << "remove scratch folder " << path.string() << ": " << error.message();
  }
}

// Precondition: the lock of `root` is held, so that no folder is between its creation and its own lock.
void RemoveStale(const fs::path& root) {
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (absl::StartsWith(it->path().filename().string(), kPrefix) && it->is_directory(ignored)) {
      folders.push_back(it->path());
    }
  }
  for (const fs::path& folder : folders) {
    const int lock = OpenLock(folder / kLockName);
    if (lock < 0) continue;  // another user's
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0) {
      WAN_LOG(INFO) << "removing stale scratch folder " << folder.string();
      Remove(folder);
    }
    ::close(lock);
  }
}

}  // namespace

ScratchDir::Job::~Job() { Remove(path_); }

absl::StatusOr<std::unique_ptr<ScratchDir>> ScratchDir::Open(const std::string& root) {
  std::error_code error;
  fs::create_directories(root, error);
  if (error) return Unusable(root, error.value());

  const int root_lock = OpenLock(fs::path(root) / kLockName);
  if (root_lock < 0) return Unusable(root, errno);
  const absl::Cleanup unlock = [root_lock] { ::close(root_lock); };
  if (::flock(root_lock, LOCK_EX) != 0) return Unusable(root, errno);
  RemoveStale(root);

  std::string path = absl::StrCat(root, "/", kPrefix, "XXXXXX");
  if (::mkdtemp(path.data()) == nullptr) return Unusable(root, errno);
  const int lock = OpenLock(fs::path(path) / kLockName);
  if (lock < 0 || ::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const absl::Status status = Unusable(path, errno);
    if (lock >= 0) ::close(lock);
    return status;
  }
  return std::unique_ptr<ScratchDir>(new ScratchDir(std::move(path), lock));
}

ScratchDir::~ScratchDir() {
  Remove(path_);
  ::close(lock_fd_);
}

absl::StatusOr<std::unique_ptr<ScratchDir::Job>> ScratchDir::NewJob() const {
  std::string path = path_ + "/job-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return MakeError(absl::StatusCode::kInternal, kStorage,
                     absl::StrCat("create a scratch folder in ", path_, ": ", std::strerror(errno)));
  }
  return std::make_unique<Job>(std::move(path));
}

}  // namespace wan

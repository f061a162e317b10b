#include "client/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/sha256.h"
#include "common/status_macros.h"

namespace wan {
namespace {

// Not absl::ErrnoToStatus: a local EACCES or ENOENT must not look like the server's PERMISSION_DENIED or NOT_FOUND.
absl::Status FileError(absl::string_view operation, const std::string& path, int error) {
  return absl::FailedPreconditionError(absl::StrCat(operation, " ", path, ": ", std::strerror(error)));
}

std::string Folder(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// True when the open file still has the name: a download that ended while we waited for it has renamed it.
bool IsNamed(int descriptor, const std::string& path) {
  struct stat open_file;
  struct stat named_file;
  return fstat(descriptor, &open_file) == 0 && stat(path.c_str(), &named_file) == 0 &&
         open_file.st_dev == named_file.st_dev && open_file.st_ino == named_file.st_ino;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PartFile>> PartFile::Open(const std::string& path, const std::string& identity) {
  WAN_RETURN_IF_ERROR(CheckOutputPath(path));
  const std::string part_path = path + ".part";
  while (true) {
    const int descriptor = open(part_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0) return FileError("open", part_path, errno);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      close(descriptor);
      if (error == EWOULDBLOCK) {
        return absl::AbortedError(absl::StrCat(part_path, " is being written by another process"));
      }
      return FileError("lock", part_path, error);
    }
    if (!IsNamed(descriptor, part_path)) {
      close(descriptor);
      continue;
    }
    std::unique_ptr<PartFile> file(new PartFile(path, identity, descriptor));
    WAN_RETURN_IF_ERROR(file->Begin());
    return file;
  }
}

PartFile::PartFile(std::string path, std::string identity, int descriptor)
    : path_(std::move(path)),
      part_path_(path_ + ".part"),
      id_path_(path_ + ".part.id"),
      identity_(std::move(identity)),
      descriptor_(descriptor) {}

PartFile::~PartFile() {
  if (size_bytes_ == 0) Discard();  // nothing worth to be continued
  close(descriptor_);
}

absl::Status PartFile::Begin() {
  if (!IdentityMatches()) return Restart();
  struct stat status;
  if (fstat(descriptor_, &status) != 0) return FileError("stat", part_path_, errno);
  size_bytes_ = status.st_size;
  return absl::OkStatus();
}

bool PartFile::IdentityMatches() const {
  std::ifstream file(id_path_, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return file.good() && content.str() == identity_ + "\n";
}

absl::Status PartFile::WriteIdentity() const {
  std::ofstream file(id_path_, std::ios::binary | std::ios::trunc);
  file << identity_ << '\n';
  file.close();
  return file.fail() ? FileError("write", id_path_, errno) : absl::OkStatus();
}

absl::Status PartFile::Restart() {
  // Emptied before it gets its name: at no moment does the id vouch for foreign bytes.
  if (ftruncate(descriptor_, 0) != 0) return FileError("truncate", part_path_, errno);
  size_bytes_ = 0;
  return WriteIdentity();
}

absl::Status PartFile::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), size_bytes_);
    if (written < 0) {
      if (errno == EINTR) continue;
      return FileError("write", part_path_, errno);
    }
    size_bytes_ += written;
    bytes.remove_prefix(written);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> PartFile::ReadSha256() const {
  Sha256 hash;
  std::vector<char> buffer(1 << 20);
  int64_t offset = 0;
  while (true) {
    const ssize_t count = pread(descriptor_, buffer.data(), buffer.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError("read", part_path_, errno);
    if (count == 0) return hash.HexDigest();
    hash.Update({buffer.data(), static_cast<size_t>(count)});
    offset += count;
  }
}

absl::Status PartFile::Commit() {
  if (fsync(descriptor_) != 0) return FileError("sync", part_path_, errno);
  if (rename(part_path_.c_str(), path_.c_str()) != 0) return FileError("rename", part_path_, errno);
  unlink(id_path_.c_str());
  // The name becomes durable with the folder; some file systems cannot do that, and the file itself is complete.
  const int folder = open(Folder(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
  return absl::OkStatus();
}

void PartFile::Discard() {
  unlink(part_path_.c_str());
  unlink(id_path_.c_str());
}

absl::Status CheckOutputPath(const std::string& path) {
  if (path.empty() || path.back() == '/') {
    return absl::FailedPreconditionError(absl::StrCat("\"", path, "\" is not the name of a file"));
  }
  struct stat status;
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, S_ISDIR(status.st_mode) ? " is a folder, not a file" : " is not a regular file"));
  }
  return CheckOutputFolder(Folder(path));
}

absl::Status CheckOutputFolder(const std::string& folder) {
  struct stat status;
  if (stat(folder.c_str(), &status) != 0) return FileError("write into", folder, errno);
  if (!S_ISDIR(status.st_mode)) return FileError("write into", folder, ENOTDIR);
  if (access(folder.c_str(), W_OK | X_OK) != 0) return FileError("write into", folder, errno);
  return absl::OkStatus();
}

}  // namespace wan

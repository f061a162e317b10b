#include "server/result/file_result_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "common/sha256.h"
#include "common/status_macros.h"

namespace wan {
namespace {

constexpr char kPartialSuffix[] = ".partial";

absl::Status StorageError(absl::string_view what, const std::string& path, absl::string_view cause) {
  return MakeError(absl::StatusCode::kInternal, kStorage, absl::StrCat(what, " ", path, ": ", cause));
}
absl::Status StorageError(absl::string_view what, const std::string& path, int error_number) {
  return StorageError(what, path, std::strerror(error_number));
}

bool IsSafeName(absl::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; });
}

// A rename is durable when its folder is.
absl::Status SyncFolder(const std::string& folder) {
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return StorageError("open folder", folder, errno);
  const int result = fsync(file);
  const int error_number = errno;
  close(file);
  return result == 0 ? absl::OkStatus() : StorageError("sync folder", folder, error_number);
}

class FileResultWriter final : public ResultWriter {
 public:
  FileResultWriter(std::string folder, std::string path, std::string partial_path, int file)
      : folder_(std::move(folder)), path_(std::move(path)), partial_path_(std::move(partial_path)), file_(file) {}

  ~FileResultWriter() override {
    if (file_ >= 0) close(file_);
    if (!is_committed_) unlink(partial_path_.c_str());
  }

  absl::Status Append(absl::string_view bytes) override {
    sha256_.Update(bytes);
    while (!bytes.empty()) {
      const ssize_t written = write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        return StorageError(absl::StrCat("write after ", size_bytes_, " bytes to"), partial_path_, errno);
      }
      bytes.remove_prefix(written);
      size_bytes_ += written;
    }
    return absl::OkStatus();
  }

  int64_t size_bytes() const override { return size_bytes_; }

  absl::Status Commit(const ResultDigest& expected) override {
    const std::string sha256 = sha256_.HexDigest();
    if (size_bytes_ != expected.size_bytes || sha256 != expected.sha256) {
      return StorageError("store", path_,
                          absl::StrCat("received ", size_bytes_, " bytes with SHA-256 ", sha256, ", expected ",
                                       expected.size_bytes, " bytes with SHA-256 ", expected.sha256));
    }
    if (fsync(file_) != 0) return StorageError("sync", partial_path_, errno);
    // Some file systems report a failed write only here.
    if (close(std::exchange(file_, -1)) != 0) return StorageError("close", partial_path_, errno);
    if (rename(partial_path_.c_str(), path_.c_str()) != 0) return StorageError("rename to", path_, errno);
    is_committed_ = true;
    const absl::Status synced = SyncFolder(folder_);
    if (!synced.ok()) unlink(path_.c_str());  // else it might vanish after the job has succeeded
    return synced;
  }

 private:
  const std::string folder_;
  const std::string path_;
  const std::string partial_path_;
  int file_;
  Sha256 sha256_;
  int64_t size_bytes_ = 0;
  bool is_committed_ = false;
};

class FileResultReader final : public ResultReader {
 public:
  FileResultReader(std::string path, int file, int64_t size_bytes)
      : path_(std::move(path)), file_(file), size_bytes_(size_bytes) {}
  ~FileResultReader() override { close(file_); }

  int64_t size_bytes() const override { return size_bytes_; }

  absl::StatusOr<std::string> Read(int64_t offset, int64_t max_bytes) const override {
    if (offset < 0 || max_bytes < 0) {
      return absl::OutOfRangeError(absl::StrCat("no ", max_bytes, " bytes from offset ", offset));
    }
    if (offset >= size_bytes_) return std::string();
    std::string bytes(std::min(max_bytes, size_bytes_ - offset), '\0');
    size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t got = pread(file_, bytes.data() + filled, bytes.size() - filled, offset + filled);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return StorageError(absl::StrCat("read at ", offset + filled, " of"), path_, errno);
      if (got == 0) {
        return StorageError("read", path_, absl::StrCat("ends at ", offset + filled, ", had ", size_bytes_, " bytes"));
      }
      filled += got;
    }
    return bytes;
  }

 private:
  const std::string path_;
  const int file_;
  const int64_t size_bytes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FileResultStore>> FileResultStore::Open(const std::string& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) return StorageError("make folder", folder, failure.message());
  std::vector<std::filesystem::path> stale;
  std::filesystem::directory_iterator entry(folder, failure);
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    if (absl::EndsWith(entry->path().native(), kPartialSuffix)) stale.push_back(entry->path());
  }
  if (failure) return StorageError("read folder", folder, failure.message());
  for (const std::filesystem::path& path : stale) {
    std::filesystem::remove(path, failure);
    if (failure) {
      WAN_LOG(WARNING) << "remove stale " << path.native() << ": " << failure.message();
    }
  }
  if (access(folder.c_str(), W_OK) != 0) {
    WAN_LOG(ERROR) << "results folder " << folder << ": " << std::strerror(errno) << "; jobs will fail with STORAGE";
  }
  return std::unique_ptr<FileResultStore>(new FileResultStore(folder));
}

absl::StatusOr<std::unique_ptr<ResultWriter>> FileResultStore::Create(const ResultKey& key) {
  WAN_ASSIGN_OR_RETURN(const std::string path, PathOf(key));
  std::string partial_path = absl::StrCat(path, ".XXXXXX", kPartialSuffix);
  const int file = mkostemps(partial_path.data(), sizeof(kPartialSuffix) - 1, O_CLOEXEC);
  if (file < 0) return StorageError("make a file for", path, errno);
  fchmod(file, 0644);  // mkostemps gives 0600, and backups of another user read results
  return std::make_unique<FileResultWriter>(folder_, path, partial_path, file);
}

absl::StatusOr<std::unique_ptr<ResultReader>> FileResultStore::Open(const ResultKey& key) {
  WAN_ASSIGN_OR_RETURN(const std::string path, PathOf(key));
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) {
    return absl::NotFoundError(absl::StrCat("there is no video ", key.index, " of job ", key.job_id));
  }
  if (file < 0) return StorageError("open", path, errno);
  struct stat info = {};
  if (fstat(file, &info) != 0) {
    const int error_number = errno;
    close(file);
    return StorageError("stat", path, error_number);
  }
  return std::make_unique<FileResultReader>(path, file, info.st_size);
}

absl::Status FileResultStore::Remove(const ResultKey& key) {
  WAN_ASSIGN_OR_RETURN(const std::string path, PathOf(key));
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return StorageError("remove", path, errno);
  return absl::OkStatus();
}

absl::StatusOr<std::string> FileResultStore::PathOf(const ResultKey& key) const {
  if (!IsSafeName(key.job_id) || key.index < 0 || !IsSafeName(key.extension)) {
    return absl::InvalidArgumentError(
        absl::StrCat("no result is named '", key.job_id, "', ", key.index, ", '", key.extension, "'"));
  }
  return absl::StrCat(folder_, "/", key.job_id, ".", key.index, ".", key.extension);
}

}  // namespace wan

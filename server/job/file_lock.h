// A lock on a file that the operating system lets go of when its process ends, however it ends.
#ifndef WAN_SERVER_JOB_FILE_LOCK_H_
#define WAN_SERVER_JOB_FILE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace wan {

class FileLock {
 public:
  // Makes the file when absent; it stays. FAILED_PRECONDITION when another holder (of this process too) has the lock,
  // INTERNAL / STORAGE when the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<FileLock>> Take(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int file) : file_(file) {}
  const int file_;
};

}  // namespace wan

#endif  // WAN_SERVER_JOB_FILE_LOCK_H_

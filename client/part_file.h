// A download on its way to FILE: the bytes are in FILE.part, and FILE.part.id beside it says whose bytes they are. Only
// a .part whose id is right is continued; any other is begun anew. Held under a lock, so two downloads never mix.
#ifndef WAN_CLIENT_PART_FILE_H_
#define WAN_CLIENT_PART_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

// One thread. What was written stays on disk, to be continued, when the object goes without Commit().
// Errors: FAILED_PRECONDITION with operation, path and the system's reason; ABORTED when another process holds the
// lock.
class PartFile {
 public:
  // `identity` is one line that names the content, e.g. job and index.
  static absl::StatusOr<std::unique_ptr<PartFile>> Open(const std::string& path, const std::string& identity);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  // Bytes that are there; the next Append continues behind them.
  int64_t size_bytes() const { return size_bytes_; }

  absl::Status Append(absl::string_view bytes);

  // Back to no bytes.
  absl::Status Restart();

  // SHA-256 of what is on disk, lower-case hex.
  absl::StatusOr<std::string> ReadSha256() const;

  // Makes the bytes durable and gives them their final name, replacing a file that has it. Nothing may follow.
  absl::Status Commit();

  // Removes what was written.
  void Discard();

 private:
  PartFile(std::string path, std::string identity, int descriptor);
  absl::Status Begin();
  bool IdentityMatches() const;
  absl::Status WriteIdentity() const;

  const std::string path_;
  const std::string part_path_;
  const std::string id_path_;
  const std::string identity_;
  const int descriptor_;
  int64_t size_bytes_ = 0;
};

// Checks what can be checked before work is spent on it: the folder is there and writable, FILE is no folder or device.
absl::Status CheckOutputPath(const std::string& path);
absl::Status CheckOutputFolder(const std::string& folder);

}  // namespace wan

#endif  // WAN_CLIENT_PART_FILE_H_

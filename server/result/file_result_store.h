// Results as files of one folder: <job id>.<index>.<extension>. While it is written a video is
// <name>.<random>.partial in the same folder; Commit is fsync, rename, fsync of the folder.
#ifndef WAN_SERVER_RESULT_FILE_RESULT_STORE_H_
#define WAN_SERVER_RESULT_FILE_RESULT_STORE_H_

#include <memory>
#include <string>

#include "server/result/result_store.h"

namespace wan {

class FileResultStore final : public ResultStore {
 public:
  // Makes the folder when absent and removes the partial files that a killed server left (so one server per folder).
  // INTERNAL / STORAGE with the path when the folder cannot be made or read. A folder that cannot be written to is
  // logged and fails the writes, not the start: what is stored stays readable.
  static absl::StatusOr<std::unique_ptr<FileResultStore>> Open(const std::string& folder);

  absl::StatusOr<std::unique_ptr<ResultWriter>> Create(const ResultKey& key) override;
  absl::StatusOr<std::unique_ptr<ResultReader>> Open(const ResultKey& key) override;
  absl::Status Remove(const ResultKey& key) override;

 private:
  explicit FileResultStore(std::string folder) : folder_(std::move(folder)) {}
  absl::StatusOr<std::string> PathOf(const ResultKey& key) const;

  const std::string folder_;
};

}  // namespace wan

#endif  // WAN_SERVER_RESULT_FILE_RESULT_STORE_H_

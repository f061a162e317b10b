#ifndef WAN_WORKER_SERVICE_SCRATCH_DIR_H_
#define WAN_WORKER_SERVICE_SCRATCH_DIR_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace wan {

// This process's folder for videos on their way out: ROOT/ring-XXXXXX. A lock file inside, held as long as the process
// lives, tells it from what a killed process left behind, so rings may share ROOT.
class ScratchDir {
 public:
  // One job's folder in it; removed with all that it holds in the destructor.
  class Job {
   public:
    explicit Job(std::string path) : path_(std::move(path)) {}
    ~Job();
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    const std::string& path() const { return path_; }

   private:
    const std::string path_;
  };

  // Creates `root` where it is missing and removes folders that belong to no living process.
  // Error: FAILED_PRECONDITION with the path when it cannot be written, UNAVAILABLE while its disk is full.
  static absl::StatusOr<std::unique_ptr<ScratchDir>> Open(const std::string& root);

  // Removes the folder.
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  const std::string& path() const { return path_; }

  // Any thread. Error: INTERNAL / STORAGE.
  absl::StatusOr<std::unique_ptr<Job>> NewJob() const;

 private:
  ScratchDir(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}

  const std::string path_;
  const int lock_fd_;
};

}  // namespace wan

#endif  // WAN_WORKER_SERVICE_SCRATCH_DIR_H_

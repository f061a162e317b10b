// The embedded job table: one SQLite file in WAL mode. Tables and their versions: sqlite_job_store.cc.
#ifndef WAN_SERVER_JOB_SQLITE_JOB_STORE_H_
#define WAN_SERVER_JOB_SQLITE_JOB_STORE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "server/job/job_store.h"

namespace wan {

class SqliteJobStore final : public JobStore {
 public:
  struct Options {
    std::string path;  // made when absent, its folder too
    std::function<absl::Time()> now = [] { return absl::Now(); };
    // How long to wait for another process that holds the file's lock (a backup, a shell).
    absl::Duration busy_timeout = absl::Seconds(5);
  };

  // INTERNAL / STORAGE with the path when the file cannot be opened or made, is no database or is damaged;
  // FAILED_PRECONDITION when a newer version of this program wrote it.
  static absl::StatusOr<std::unique_ptr<SqliteJobStore>> Open(Options options);
  ~SqliteJobStore() override;

  absl::StatusOr<InsertedJob> Insert(const NewJob& job, int64_t max_queued) override;
  absl::StatusOr<Job> Get(absl::string_view id) override;
  absl::StatusOr<JobPage> List(const ListQuery& query) override;
  absl::StatusOr<std::optional<Job>> Claim(const ClaimFilter& filter) override;
  absl::StatusOr<Job> Transition(absl::string_view id, JobState from, const JobUpdate& update) override;
  absl::StatusOr<Job> RequestCancel(absl::string_view id) override;
  absl::Status RenewLease(absl::string_view id, absl::string_view owner, int attempt, absl::Duration lease) override;
  absl::StatusOr<int64_t> QueuePosition(absl::string_view id) override;
  absl::StatusOr<std::vector<Job>> RecoverOwn(absl::string_view owner) override;
  absl::StatusOr<std::vector<QueuedJobs>> CountQueued() override;

 private:
  class Impl;  // holds the connection: no other file sees SQLite
  explicit SqliteJobStore(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace wan

#endif  // WAN_SERVER_JOB_SQLITE_JOB_STORE_H_

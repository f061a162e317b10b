// The rows of the job table in an SQLite file: schema, reading, writing. Transactions are the caller's.
#ifndef WAN_SERVER_JOB_SQLITE_JOB_TABLE_H_
#define WAN_SERVER_JOB_SQLITE_JOB_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/job/job.h"
#include "server/job/sqlite_database.h"

namespace wan {

// One thread at a time.
class SqliteJobTable {
 public:
  struct Row {
    int64_t seq = 0;  // order of arrival
    Job job;
  };

  // Checks the whole file for damage and makes the table in an empty one. Errors: SqliteJobStore::Open().
  static absl::StatusOr<std::unique_ptr<SqliteJobTable>> Open(const std::string& path, absl::Duration busy_timeout);

  // For transactions and counts. Columns: the schema in sqlite_job_table.cc.
  SqliteDatabase& database() { return *database_; }

  // `where` is what follows FROM jobs.
  absl::StatusOr<std::vector<Row>> Select(const std::string& where, const std::vector<SqliteValue>& values);
  // NOT_FOUND / JOB_NOT_FOUND.
  absl::StatusOr<Row> Find(absl::string_view id);
  absl::Status Insert(const Job& job);
  // Writes what may change after the insertion.
  absl::Status Update(const Row& row);

 private:
  SqliteJobTable(std::string path, std::unique_ptr<SqliteDatabase> database)
      : path_(std::move(path)), database_(std::move(database)) {}
  absl::Status Prepare();
  absl::StatusOr<Row> Read(const SqliteRow& row);
  absl::Status ReadVideos(Row& row);
  absl::Status Damaged(absl::string_view what) const;

  const std::string path_;
  const std::unique_ptr<SqliteDatabase> database_;
};

}  // namespace wan

#endif  // WAN_SERVER_JOB_SQLITE_JOB_TABLE_H_

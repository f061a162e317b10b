// One SQLite connection behind values: statements are bound and read whole, every error is INTERNAL / STORAGE with the
// file's path. sqlite_database.cc is the only file that sees the library.
#ifndef WAN_SERVER_JOB_SQLITE_DATABASE_H_
#define WAN_SERVER_JOB_SQLITE_DATABASE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace wan {

struct SqliteBlob {
  std::string bytes;
};
using SqliteValue = std::variant<std::monostate, int64_t, std::string, SqliteBlob>;  // NULL, INTEGER, TEXT, BLOB
using SqliteRow = std::vector<SqliteValue>;

// One thread at a time.
class SqliteDatabase {
 public:
  // Makes the file when absent. WAL, synchronous=FULL: a transaction that was committed survives a loss of power.
  static absl::StatusOr<std::unique_ptr<SqliteDatabase>> Open(const std::string& path, absl::Duration busy_timeout);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  // Statements separated by semicolons, without values.
  absl::Status Script(const std::string& sql);

  // One statement with its values for ?1, ?2 …; all rows of its result. Statements are kept prepared by their text, so
  // the number of different texts must be bounded.
  absl::StatusOr<std::vector<SqliteRow>> Query(const std::string& sql, const std::vector<SqliteValue>& values = {});

  // Rows that the latest INSERT, UPDATE or DELETE touched.
  int64_t changes() const;

  absl::Status Error(absl::string_view what) const;

 private:
  SqliteDatabase(std::string path, sqlite3* connection) : path_(std::move(path)), connection_(connection) {}
  absl::StatusOr<sqlite3_stmt*> Prepare(const std::string& sql);

  const std::string path_;
  sqlite3* const connection_;
  std::map<std::string, sqlite3_stmt*> statements_;  // finalized in the destructor
};

// BEGIN IMMEDIATE; rolled back when destroyed before Commit().
class SqliteTransaction {
 public:
  static absl::StatusOr<SqliteTransaction> Begin(SqliteDatabase& database);
  SqliteTransaction(SqliteTransaction&& other) : database_(std::exchange(other.database_, nullptr)) {}
  ~SqliteTransaction();
  absl::Status Commit();

 private:
  explicit SqliteTransaction(SqliteDatabase& database) : database_(&database) {}
  SqliteDatabase* database_;  // null: over
};

}  // namespace wan

#endif  // WAN_SERVER_JOB_SQLITE_DATABASE_H_

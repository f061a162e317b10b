#include "server/job/sqlite_database.h"

#include <sqlite3.h>

#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "common/status_macros.h"

namespace wan {
namespace {

absl::Status StorageError(const std::string& path, absl::string_view what, absl::string_view cause) {
  return MakeError(absl::StatusCode::kInternal, kStorage, absl::StrCat("job table ", path, ": ", what, ": ", cause));
}

// The library's text, and the operating system's where that was asked last.
std::string CauseOf(sqlite3* connection) {
  const int code = sqlite3_extended_errcode(connection);
  std::string cause = absl::StrCat(sqlite3_errmsg(connection), " (SQLite error ", code, ")");
  const int primary = code & 0xff;
  const int os_error = sqlite3_system_errno(connection);
  if ((primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) && os_error != 0) {
    absl::StrAppend(&cause, ", ", std::strerror(os_error));
  }
  return cause;
}

int Bind(sqlite3_stmt* statement, int index, const SqliteValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return sqlite3_bind_int64(statement, index, *number);
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<SqliteBlob>(&value)) {
    return sqlite3_bind_blob64(statement, index, blob->bytes.data(), blob->bytes.size(), SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, index);
}

SqliteValue Column(sqlite3_stmt* statement, int index) {
  const auto bytes = [&](const void* data) {
    return std::string(static_cast<const char*>(data), data == nullptr ? 0 : sqlite3_column_bytes(statement, index));
  };
  switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
      return int64_t{sqlite3_column_int64(statement, index)};
    case SQLITE_NULL:
      return std::monostate();
    case SQLITE_BLOB:
      return SqliteBlob{bytes(sqlite3_column_blob(statement, index))};
    default:
      return bytes(sqlite3_column_text(statement, index));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path,
                                                                     absl::Duration busy_timeout) {
  sqlite3* connection = nullptr;
  // The caller serialises, so the library need not.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path.c_str(), &connection, flags, nullptr) != SQLITE_OK) {
    const std::string cause = connection == nullptr ? "out of memory" : CauseOf(connection);
    sqlite3_close(connection);
    return StorageError(path, "open", cause);
  }
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(path, connection));
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, static_cast<int>(absl::ToInt64Milliseconds(busy_timeout)));
  WAN_RETURN_IF_ERROR(database->Script("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"));
  WAN_ASSIGN_OR_RETURN(const auto mode, database->Query("PRAGMA journal_mode=WAL"));
  if (mode.size() != 1 || std::get<std::string>(mode[0][0]) != "wal") {
    return StorageError(path, "open", "this file system does not allow a write-ahead log");
  }
  return database;
}

SqliteDatabase::~SqliteDatabase() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  if (sqlite3_close(connection_) != SQLITE_OK) {
    WAN_LOG(ERROR) << Error("close").message();
  }
}

absl::Status SqliteDatabase::Script(const std::string& sql) {
  if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return absl::OkStatus();
  return Error(absl::StrCat("run '", sql.substr(0, 60), "'"));
}

absl::StatusOr<std::vector<SqliteRow>> SqliteDatabase::Query(const std::string& sql,
                                                             const std::vector<SqliteValue>& values) {
  WAN_ASSIGN_OR_RETURN(sqlite3_stmt* const statement, Prepare(sql));
  // The values are borrowed until the reset, which also ends the read that an unfinished statement holds.
  const absl::Cleanup reset = [statement] {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
  };
  WAN_CHECK(sqlite3_bind_parameter_count(statement) == static_cast<int>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    if (Bind(statement, static_cast<int>(i) + 1, values[i]) != SQLITE_OK) return Error("bind");
  }
  std::vector<SqliteRow> rows;
  while (true) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) return rows;
    if (code != SQLITE_ROW) return Error(absl::StrCat("run '", sql.substr(0, 60), "'"));
    SqliteRow& row = rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(statement); ++i) row.push_back(Column(statement, i));
  }
}

int64_t SqliteDatabase::changes() const { return sqlite3_changes64(connection_); }

absl::Status SqliteDatabase::Error(absl::string_view what) const {
  return StorageError(path_, what, CauseOf(connection_));
}

absl::StatusOr<sqlite3_stmt*> SqliteDatabase::Prepare(const std::string& sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_, sql.c_str(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return Error(absl::StrCat("prepare '", sql.substr(0, 60), "'"));
  }
  statements_[sql] = statement;
  return statement;
}

absl::StatusOr<SqliteTransaction> SqliteTransaction::Begin(SqliteDatabase& database) {
  if (const auto begun = database.Query("BEGIN IMMEDIATE"); !begun.ok()) return begun.status();
  return SqliteTransaction(database);
}

SqliteTransaction::~SqliteTransaction() {
  if (database_ == nullptr) return;
  // After some errors (disk full) the library has rolled back by itself and says that there is no transaction.
  (void)database_->Query("ROLLBACK");
}

absl::Status SqliteTransaction::Commit() {
  if (const auto committed = database_->Query("COMMIT"); !committed.ok()) return committed.status();
  database_ = nullptr;
  return absl::OkStatus();
}

}  // namespace wan

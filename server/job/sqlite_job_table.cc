// Schema version 1 (PRAGMA user_version):
//   jobs    one row a job; seq is the order of arrival, times are Unix microseconds, spec and error are messages
//           (job_record.h), lease_owner is empty unless RUNNING
//   videos  the finished videos of a job
#include "server/job/sqlite_job_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/status_macros.h"
#include "server/job/job_record.h"

namespace wan {
namespace {

constexpr int64_t kSchemaVersion = 1;

constexpr char kSchema[] = R"sql(
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  request_id TEXT UNIQUE,
  request_fingerprint TEXT NOT NULL,
  model TEXT NOT NULL,
  spec BLOB NOT NULL,
  create_time INTEGER NOT NULL,
  max_attempts INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'EXPIRED')),
  start_time INTEGER,
  end_time INTEGER,
  attempt INTEGER NOT NULL,
  charged_attempts INTEGER NOT NULL,
  ring TEXT NOT NULL,
  lease_owner TEXT NOT NULL,
  lease_until INTEGER,
  cancel_requested INTEGER NOT NULL,
  error BLOB NOT NULL,
  sequence INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_queued ON jobs (model, seq) WHERE state = 'QUEUED';
CREATE INDEX jobs_running ON jobs (lease_owner) WHERE state = 'RUNNING';
CREATE INDEX jobs_state ON jobs (state, seq);
CREATE TABLE videos (
  job_seq INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
  video_index INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  codec TEXT NOT NULL,
  container TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  num_frames INTEGER NOT NULL,
  PRIMARY KEY (job_seq, video_index)
) STRICT, WITHOUT ROWID;
)sql";

constexpr char kSelect[] =
    "SELECT seq, id, request_id, request_fingerprint, spec, create_time, max_attempts, state, start_time, end_time, "
    "attempt, charged_attempts, ring, lease_owner, lease_until, cancel_requested, error, sequence FROM jobs ";

std::string Text(const SqliteValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string() : *text;
}
int64_t Int(const SqliteValue& value) { return std::get<int64_t>(value); }
SqliteValue Time(std::optional<absl::Time> time) {
  return time.has_value() ? SqliteValue(absl::ToUnixMicros(*time)) : SqliteValue();
}
std::optional<absl::Time> Time(const SqliteValue& value) {
  const auto* micros = std::get_if<int64_t>(&value);
  return micros == nullptr ? std::nullopt : std::make_optional(absl::FromUnixMicros(*micros));
}
SqliteValue State(JobState state) { return std::string(JobStateName(state)); }

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteJobTable>> SqliteJobTable::Open(const std::string& path,
                                                                     absl::Duration busy_timeout) {
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDatabase> database, SqliteDatabase::Open(path, busy_timeout));
  std::unique_ptr<SqliteJobTable> table(new SqliteJobTable(path, std::move(database)));
  WAN_RETURN_IF_ERROR(table->Prepare());
  return table;
}

absl::Status SqliteJobTable::Prepare() {
  WAN_ASSIGN_OR_RETURN(const auto check, database_->Query("PRAGMA quick_check(1)"));
  if (check.size() != 1 || Text(check[0][0]) != "ok") {
    return MakeError(absl::StatusCode::kInternal, kStorage,
                     absl::StrCat("job table ", path_,
                                  " is damaged: ", check.empty() ? std::string("no answer") : Text(check[0][0])));
  }
  WAN_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(*database_));
  WAN_ASSIGN_OR_RETURN(const auto version_rows, database_->Query("PRAGMA user_version"));
  const int64_t version = Int(version_rows[0][0]);
  if (version > kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat("job table ", path_, " has schema version ", version,
                                                      ", written by a newer wan_server; ",
                                                      "this one knows versions up to ", kSchemaVersion));
  }
  if (version == 0) {
    WAN_ASSIGN_OR_RETURN(const auto tables, database_->Query("SELECT name FROM sqlite_schema LIMIT 1"));
    if (!tables.empty()) {
      return absl::FailedPreconditionError(absl::StrCat("job table ", path_,
                                                        " is an SQLite file of something else: it has a table ",
                                                        Text(tables[0][0]), " and no schema version"));
    }
    WAN_RETURN_IF_ERROR(database_->Script(kSchema));
    WAN_RETURN_IF_ERROR(database_->Script(absl::StrCat("PRAGMA user_version=", kSchemaVersion)));
  }
  return transaction.Commit();
}

absl::StatusOr<std::vector<SqliteJobTable::Row>> SqliteJobTable::Select(const std::string& where,
                                                                        const std::vector<SqliteValue>& values) {
  WAN_ASSIGN_OR_RETURN(const std::vector<SqliteRow> rows, database_->Query(kSelect + where, values));
  std::vector<Row> result;
  for (const SqliteRow& row : rows) {
    WAN_ASSIGN_OR_RETURN(Row read, Read(row));
    result.push_back(std::move(read));
  }
  return result;
}

absl::StatusOr<SqliteJobTable::Row> SqliteJobTable::Find(absl::string_view id) {
  WAN_ASSIGN_OR_RETURN(std::vector<Row> rows, Select("WHERE id = ?1", {std::string(id)}));
  if (!rows.empty()) return std::move(rows[0]);
  return MakeError(absl::StatusCode::kNotFound, kJobNotFound, absl::StrCat("there is no job ", id),
                   {{"job_id", std::string(id)}});
}

absl::StatusOr<SqliteJobTable::Row> SqliteJobTable::Read(const SqliteRow& row) {
  Row result;
  Job& job = result.job;
  size_t column = 0;
  const auto next = [&]() -> const SqliteValue& { return row[column++]; };
  result.seq = Int(next());
  job.id = Text(next());
  job.request_id = Text(next());
  job.request_fingerprint = Text(next());
  absl::StatusOr<ResolvedSpec> resolved = DecodeResolvedSpec(std::get<SqliteBlob>(next()).bytes);
  job.create_time = *Time(next());
  job.max_attempts = static_cast<int>(Int(next()));
  const std::optional<JobState> state = ParseJobState(Text(next()));
  job.start_time = Time(next());
  job.end_time = Time(next());
  job.attempt = static_cast<int>(Int(next()));
  job.charged_attempts = static_cast<int>(Int(next()));
  job.ring = Text(next());
  job.lease_owner = Text(next());
  job.lease_until = Time(next());
  job.cancel_requested = Int(next()) != 0;
  const absl::Status decoded = DecodeError(std::get<SqliteBlob>(next()).bytes, job.error);
  job.sequence = Int(next());
  if (!resolved.ok() || !decoded.ok() || !state.has_value()) {
    const absl::string_view cause = !resolved.ok()  ? resolved.status().message()
                                    : !decoded.ok() ? decoded.message()
                                                    : "unknown state";
    return MakeError(absl::StatusCode::kInternal, kStorage,
                     absl::StrCat("job table ", path_, ": job ", job.id, ": ", cause));
  }
  job.resolved = *std::move(resolved);
  job.state = *state;
  if (job.state == JobState::kSucceeded) WAN_RETURN_IF_ERROR(ReadVideos(result));
  return result;
}

absl::Status SqliteJobTable::ReadVideos(Row& row) {
  WAN_ASSIGN_OR_RETURN(const auto videos,
                       database_->Query("SELECT video_index, seed, codec, container, size_bytes, sha256, num_frames "
                                        "FROM videos WHERE job_seq = ?1 ORDER BY video_index",
                                        {row.seq}));
  for (const SqliteRow& video : videos) {
    const std::optional<VideoCodec> codec = ParseVideoCodec(Text(video[2]));
    if (!codec.has_value()) {
      return MakeError(absl::StatusCode::kInternal, kStorage,
                       absl::StrCat("job table ", path_, ": job ", row.job.id, ": unknown codec ", Text(video[2])));
    }
    row.job.videos.push_back({.index = static_cast<int32_t>(Int(video[0])),
                              .seed = Int(video[1]),
                              .codec = *codec,
                              .container = Text(video[3]),
                              .size_bytes = Int(video[4]),
                              .sha256 = Text(video[5]),
                              .num_frames = static_cast<int32_t>(Int(video[6]))});
  }
  return absl::OkStatus();
}

absl::Status SqliteJobTable::Insert(const Job& job) {
  return database_
      ->Query(
          "INSERT INTO jobs (id, request_id, request_fingerprint, model, spec, create_time, max_attempts, state, "
          "attempt, "
          "charged_attempts, ring, lease_owner, cancel_requested, error, sequence) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, '', '', 0, x'', ?9)",
          {job.id, job.request_id.empty() ? SqliteValue() : SqliteValue(job.request_id), job.request_fingerprint,
           job.resolved.spec.model, SqliteBlob{EncodeResolvedSpec(job.resolved)}, Time(job.create_time),
           int64_t{job.max_attempts}, State(job.state), job.sequence})
      .status();
}

absl::Status SqliteJobTable::Update(const Row& row) {
  const Job& job = row.job;
  WAN_RETURN_IF_ERROR(
      database_
          ->Query("UPDATE jobs SET state = ?2, start_time = ?3, end_time = ?4, attempt = ?5, charged_attempts = ?6, "
                  "ring = ?7, lease_owner = ?8, lease_until = ?9, cancel_requested = ?10, error = ?11, sequence = ?12 "
                  "WHERE seq = ?1",
                  {row.seq, State(job.state), Time(job.start_time), Time(job.end_time), int64_t{job.attempt},
                   int64_t{job.charged_attempts}, job.ring, job.lease_owner, Time(job.lease_until),
                   int64_t{job.cancel_requested}, SqliteBlob{EncodeError(job.error)}, job.sequence})
          .status());
  for (const JobVideo& video : job.videos) {
    WAN_RETURN_IF_ERROR(
        database_
            ->Query("INSERT INTO videos (job_seq, video_index, seed, codec, container, size_bytes, sha256, num_frames) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    {row.seq, int64_t{video.index}, video.seed, std::string(VideoCodecName(video.codec)),
                     video.container, video.size_bytes, video.sha256, int64_t{video.num_frames}})
            .status());
  }
  return absl::OkStatus();
}

absl::Status SqliteJobTable::Damaged(absl::string_view what) const {
  return MakeError(absl::StatusCode::kInternal, kStorage, absl::StrCat("job table ", path_, ": ", what));
}

}  // namespace wan

#include "server/job/sqlite_job_store.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "common/error.h"
#include "common/status_macros.h"
#include "server/job/file_lock.h"
#include "server/job/job_id.h"
#include "server/job/job_transition.h"
#include "server/job/sqlite_job_table.h"

namespace wan {
namespace {

constexpr char kPageTokenPrefix[] = "before:";

absl::StatusOr<int64_t> ParsePageToken(const std::string& token) {
  std::string text;
  int64_t seq = 0;
  if (absl::WebSafeBase64Unescape(token, &text) && absl::StartsWith(text, kPageTokenPrefix) &&
      absl::SimpleAtoi(text.substr(sizeof(kPageTokenPrefix) - 1), &seq)) {
    return seq;
  }
  return MakeError(absl::StatusCode::kInvalidArgument, kInvalidRequest,
                   absl::StrCat("page_token '", token, "' is none that ListJobs gave"));
}

}  // namespace

class SqliteJobStore::Impl {
 public:
  Impl(std::function<absl::Time()> clock, std::unique_ptr<FileLock> lock, std::unique_ptr<SqliteJobTable> table)
      : clock_(std::move(clock)), lock_(std::move(lock)), ids_(clock_), table_(std::move(table)) {}

  // In the table's precision, so that a returned job equals what Get() gives.
  absl::Time now() const { return absl::FromUnixMicros(absl::ToUnixMicros(clock_())); }

  const std::function<absl::Time()> clock_;
  const std::unique_ptr<FileLock> lock_;  // before the table: let go of after it is closed
  JobIdGenerator ids_;
  absl::Mutex mutex_;
  const std::unique_ptr<SqliteJobTable> table_ ABSL_PT_GUARDED_BY(mutex_);
};

absl::StatusOr<std::unique_ptr<SqliteJobStore>> SqliteJobStore::Open(Options options) {
  const std::filesystem::path folder = std::filesystem::path(options.path).parent_path();
  std::error_code failure;
  if (!folder.empty()) std::filesystem::create_directories(folder, failure);
  if (failure) {
    return MakeError(absl::StatusCode::kInternal, kStorage,
                     absl::StrCat("make folder ", folder.string(), " for the job table: ", failure.message()));
  }
  // A second server would take this one's running jobs for its own lost ones.
  absl::StatusOr<std::unique_ptr<FileLock>> lock = FileLock::Take(options.path + ".lock");
  if (!lock.ok()) return Annotate(lock.status(), absl::StrCat("job table ", options.path));
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<SqliteJobTable> table, SqliteJobTable::Open(options.path, options.busy_timeout));
  WAN_ASSIGN_OR_RETURN(const auto last, table->database().Query("SELECT max(id) FROM jobs"));
  auto impl = std::make_unique<Impl>(std::move(options.now), *std::move(lock), std::move(table));
  if (const auto* id = std::get_if<std::string>(&last[0][0])) impl->ids_.StartAfter(*id);
  return std::unique_ptr<SqliteJobStore>(new SqliteJobStore(std::move(impl)));
}

SqliteJobStore::SqliteJobStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteJobStore::~SqliteJobStore() = default;

absl::StatusOr<InsertedJob> SqliteJobStore::Insert(const NewJob& request, int64_t max_queued) {
  absl::MutexLock lock(&impl_->mutex_);
  WAN_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(impl_->table_->database()));
  if (!request.request_id.empty()) {
    WAN_ASSIGN_OR_RETURN(auto earlier, impl_->table_->Select("WHERE request_id = ?1", {request.request_id}));
    if (!earlier.empty()) {
      Job& job = earlier[0].job;
      if (job.request_fingerprint == request.request_fingerprint) return InsertedJob{std::move(job), false};
      return MakeError(
          absl::StatusCode::kAlreadyExists, kRequestIdReused,
          absl::StrCat("request_id ", request.request_id, " belongs to job ", job.id, ", whose request was another"),
          {{"job_id", job.id}});
    }
  }
  WAN_ASSIGN_OR_RETURN(const auto count,
                       impl_->table_->database().Query("SELECT count(*) FROM jobs WHERE state = 'QUEUED'"));
  if (const int64_t queued = std::get<int64_t>(count[0][0]); queued >= max_queued) {
    return MakeError(absl::StatusCode::kResourceExhausted, kQueueFull,
                     absl::StrCat(queued, " jobs are queued, the limit is ", max_queued, "; try again later"));
  }
  Job job;
  job.id = impl_->ids_.Next();
  job.request_id = request.request_id;
  job.request_fingerprint = request.request_fingerprint;
  job.resolved = request.resolved;
  job.create_time = impl_->now();
  job.max_attempts = request.max_attempts;
  job.sequence = 1;
  WAN_RETURN_IF_ERROR(impl_->table_->Insert(job));
  WAN_RETURN_IF_ERROR(transaction.Commit());
  return InsertedJob{std::move(job), true};
}

absl::StatusOr<Job> SqliteJobStore::Get(absl::string_view id) {
  absl::MutexLock lock(&impl_->mutex_);
  WAN_ASSIGN_OR_RETURN(SqliteJobTable::Row row, impl_->table_->Find(id));
  return std::move(row.job);
}

absl::StatusOr<JobPage> SqliteJobStore::List(const ListQuery& query) {
  std::vector<SqliteValue> values;
  std::vector<std::string> conditions;
  const auto placeholder = [&values](const SqliteValue& value) {
    values.push_back(value);
    return absl::StrCat("?", values.size());
  };
  if (!query.page_token.empty()) {
    WAN_ASSIGN_OR_RETURN(const int64_t before, ParsePageToken(query.page_token));
    conditions.push_back(absl::StrCat("seq < ", placeholder(before)));
  }
  std::vector<std::string> states;
  for (const JobState state : kAllJobStates) {  // not as given: the number of different statements stays bounded
    if (std::find(query.states.begin(), query.states.end(), state) != query.states.end()) {
      states.push_back(placeholder(std::string(JobStateName(state))));
    }
  }
  if (!states.empty()) conditions.push_back(absl::StrCat("state IN (", absl::StrJoin(states, ", "), ")"));
  const std::string where = conditions.empty() ? "" : absl::StrCat("WHERE ", absl::StrJoin(conditions, " AND "));
  const std::string limit = placeholder(int64_t{query.page_size} + 1);

  absl::MutexLock lock(&impl_->mutex_);
  WAN_ASSIGN_OR_RETURN(auto rows,
                       impl_->table_->Select(absl::StrCat(where, " ORDER BY seq DESC LIMIT ", limit), values));
  JobPage page;
  if (rows.size() > static_cast<size_t>(query.page_size)) {
    rows.resize(query.page_size);
    page.next_page_token = absl::WebSafeBase64Escape(absl::StrCat(kPageTokenPrefix, rows.back().seq));
  }
  for (SqliteJobTable::Row& row : rows) page.jobs.push_back(std::move(row.job));
  return page;
}

absl::StatusOr<std::optional<Job>> SqliteJobStore::Claim(const ClaimFilter& filter) {
  absl::MutexLock lock(&impl_->mutex_);
  WAN_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(impl_->table_->database()));
  std::optional<SqliteJobTable::Row> oldest;
  for (const std::string& model : filter.models) {  // each a look into the index
    WAN_ASSIGN_OR_RETURN(auto rows,
                         impl_->table_->Select("WHERE state = 'QUEUED' AND model = ?1 ORDER BY seq LIMIT 1", {model}));
    if (!rows.empty() && (!oldest.has_value() || rows[0].seq < oldest->seq)) oldest = std::move(rows[0]);
  }
  if (!oldest.has_value()) return std::nullopt;
  WAN_RETURN_IF_ERROR(ApplyClaim(oldest->job, filter, impl_->now()));
  WAN_RETURN_IF_ERROR(impl_->table_->Update(*oldest));
  WAN_RETURN_IF_ERROR(transaction.Commit());
  return std::move(oldest->job);
}

absl::StatusOr<Job> SqliteJobStore::Transition(absl::string_view id, JobState from, const JobUpdate& update) {
  absl::MutexLock lock(&impl_->mutex_);
  WAN_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(impl_->table_->database()));
  WAN_ASSIGN_OR_RETURN(SqliteJobTable::Row row, impl_->table_->Find(id));
  WAN_RETURN_IF_ERROR(ApplyUpdate(row.job, from, update, impl_->now()));
  WAN_RETURN_IF_ERROR(impl_->table_->Update(row));
  WAN_RETURN_IF_ERROR(transaction.Commit());
  return std::move(row.job);
}

absl::StatusOr<Job> SqliteJobStore::RequestCancel(absl::string_view id) {
  absl::MutexLock lock(&impl_->mutex_);
  WAN_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(impl_->table_->database()));
  WAN_ASSIGN_OR_RETURN(SqliteJobTable::Row row, impl_->table_->Find(id));
  if (!ApplyCancelRequest(row.job, impl_->now())) return std::move(row.job);
  WAN_RETURN_IF_ERROR(impl_->table_->Update(row));
  WAN_RETURN_IF_ERROR(transaction.Commit());
  return std::move(row.job);
}

absl::Status SqliteJobStore::RenewLease(absl::string_view id, absl::string_view owner, int attempt,
                                        absl::Duration lease) {
  absl::MutexLock lock(&impl_->mutex_);
  WAN_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(impl_->table_->database()));
  WAN_ASSIGN_OR_RETURN(SqliteJobTable::Row row, impl_->table_->Find(id));
  WAN_RETURN_IF_ERROR(CheckLease(row.job, owner, attempt));
  row.job.lease_until = impl_->now() + lease;
  WAN_RETURN_IF_ERROR(impl_->table_->Update(row));
  return transaction.Commit();
}

absl::StatusOr<int64_t> SqliteJobStore::QueuePosition(absl::string_view id) {
  absl::MutexLock lock(&impl_->mutex_);
  WAN_ASSIGN_OR_RETURN(const SqliteJobTable::Row row, impl_->table_->Find(id));
  if (row.job.state != JobState::kQueued) return 0;
  WAN_ASSIGN_OR_RETURN(
      const auto count,
      impl_->table_->database().Query("SELECT count(*) FROM jobs WHERE state = 'QUEUED' AND model = ?1 AND seq <= ?2",
                                      {row.job.resolved.spec.model, row.seq}));
  return std::get<int64_t>(count[0][0]);
}

absl::StatusOr<std::vector<Job>> SqliteJobStore::RecoverOwn(absl::string_view owner) {
  absl::MutexLock lock(&impl_->mutex_);
  WAN_ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::Begin(impl_->table_->database()));
  WAN_ASSIGN_OR_RETURN(auto rows, impl_->table_->Select("WHERE state = 'RUNNING' AND lease_owner = ?1 ORDER BY seq",
                                                        {std::string(owner)}));
  std::vector<Job> jobs;
  for (SqliteJobTable::Row& row : rows) {
    WAN_RETURN_IF_ERROR(ApplyRecovery(row.job, impl_->now()));
    WAN_RETURN_IF_ERROR(impl_->table_->Update(row));
    jobs.push_back(std::move(row.job));
  }
  WAN_RETURN_IF_ERROR(transaction.Commit());
  return jobs;
}

absl::StatusOr<std::vector<QueuedJobs>> SqliteJobStore::CountQueued() {
  absl::MutexLock lock(&impl_->mutex_);
  WAN_ASSIGN_OR_RETURN(const auto rows,
                       impl_->table_->database().Query("SELECT model, count(*), min(create_time) FROM jobs "
                                                       "WHERE state = 'QUEUED' GROUP BY model ORDER BY model"));
  std::vector<QueuedJobs> queued;
  for (const SqliteRow& row : rows) {
    queued.push_back(
        {std::get<std::string>(row[0]), std::get<int64_t>(row[1]), absl::FromUnixMicros(std::get<int64_t>(row[2]))});
  };
  return queued;
}

}  // namespace wan

// The job table: the durable truth about jobs, and the queue itself.
#ifndef WAN_SERVER_JOB_JOB_STORE_H_
#define WAN_SERVER_JOB_JOB_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/job/job.h"

namespace wan {

struct NewJob {
  std::string request_id;  // empty: none
  std::string request_fingerprint;
  ResolvedSpec resolved;
  int max_attempts = 1;
};

struct InsertedJob {
  Job job;
  bool is_new = false;  // false: the job of an earlier call with this request_id
};

struct ClaimFilter {
  std::vector<std::string> models;  // what the ring serves
  std::string ring;                 // name, stored with the job
  std::string owner;                // this server
  absl::Duration lease;
};

// The change that Transition() makes along with the state.
struct JobUpdate {
  JobState to = JobState::kQueued;
  std::optional<int> attempt = {};    // if set, the stored attempt must be this one: a late settler changes nothing
  absl::Status error = {};            // required for FAILED, CANCELLED, EXPIRED
  std::vector<JobVideo> videos = {};  // for SUCCEEDED
  bool charge_attempt = false;        // RUNNING to QUEUED: the ring lost the run
  bool undo_claim = false;            // RUNNING to QUEUED: the run never began (RING_BUSY); takes `attempt` back by one
};

struct ListQuery {
  int page_size = 50;
  std::string page_token = {};        // next_page_token of the page before; empty: first page
  std::vector<JobState> states = {};  // empty: all
};

struct JobPage {
  std::vector<Job> jobs;        // newest first
  std::string next_page_token;  // empty on the last page
};

struct QueuedJobs {
  std::string model;
  int64_t count = 0;
  absl::Time oldest_create_time;
};

// Any thread; calls take milliseconds (disk) and never wait for a job. What a call reports as done is on disk. Every
// method may fail with INTERNAL / STORAGE, which names the file; then nothing was changed. A job that is not there is
// NOT_FOUND / JOB_NOT_FOUND.
class JobStore {
 public:
  virtual ~JobStore() = default;

  // Stores a QUEUED job under a new id. With a request_id that is stored already: the first job if the fingerprints
  // are equal, else ALREADY_EXISTS / REQUEST_ID_REUSED. RESOURCE_EXHAUSTED / QUEUE_FULL when `max_queued` jobs are
  // QUEUED (never for a repeated request_id).
  virtual absl::StatusOr<InsertedJob> Insert(const NewJob& job, int64_t max_queued) = 0;

  virtual absl::StatusOr<Job> Get(absl::string_view id) = 0;

  // INVALID_ARGUMENT / INVALID_REQUEST for a page token that List did not make.
  virtual absl::StatusOr<JobPage> List(const ListQuery& query) = 0;

  // Sets the oldest QUEUED job of the filter's models RUNNING with a new attempt and lease, in one transaction;
  // nullopt when there is none. A requeued job keeps its place.
  virtual absl::StatusOr<std::optional<Job>> Claim(const ClaimFilter& filter) = 0;

  // Compare-and-set: FAILED_PRECONDITION, nothing changed, when the job is not in `from` (or not in update.attempt), or
  // when job_state has no such arrow. A job that was asked to cancel does not go back to the queue: it ends CANCELLED,
  // as the returned job says.
  virtual absl::StatusOr<Job> Transition(absl::string_view id, JobState from, const JobUpdate& update) = 0;

  // QUEUED: CANCELLED at once. RUNNING: sets cancel_requested; whoever runs it settles it. Final: nothing.
  virtual absl::StatusOr<Job> RequestCancel(absl::string_view id) = 0;

  // FAILED_PRECONDITION when the job no longer runs in this attempt of this owner.
  virtual absl::Status RenewLease(absl::string_view id, absl::string_view owner, int attempt, absl::Duration lease) = 0;

  // 1 for the QUEUED job that the next free ring of its model takes; counts jobs of the same model. 0 unless QUEUED.
  virtual absl::StatusOr<int64_t> QueuePosition(absl::string_view id) = 0;

  // At start: takes back the RUNNING jobs of `owner`, which a killed server left. They become QUEUED in their old place
  // without a charged attempt (a server's crash never fails a job), or CANCELLED where that was asked. Returns them.
  virtual absl::StatusOr<std::vector<Job>> RecoverOwn(absl::string_view owner) = 0;

  // By model, models with QUEUED jobs only. For metrics.
  virtual absl::StatusOr<std::vector<QueuedJobs>> CountQueued() = 0;
};

}  // namespace wan

#endif  // WAN_SERVER_JOB_JOB_STORE_H_

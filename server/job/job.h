// One row of the job table.
#ifndef WAN_SERVER_JOB_JOB_H_
#define WAN_SERVER_JOB_JOB_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/generation/spec.h"
#include "server/job/job_state.h"

namespace wan {

// One finished video of a job.
struct JobVideo {
  int32_t index = 0;
  int64_t seed = 0;  // spec.seed + index
  VideoCodec codec = VideoCodec::kH264;
  std::string container = {};  // file extension: "mp4", "mkv"
  int64_t size_bytes = 0;
  std::string sha256 = {};  // lower-case hex
  int32_t num_frames = 0;
  friend bool operator==(const JobVideo&, const JobVideo&) = default;
};

struct Job {
  std::string id;                   // ULID
  std::string request_id;           // empty: the caller gave none
  std::string request_fingerprint;  // RequestFingerprint() of what the caller sent
  ResolvedSpec resolved;

  JobState state = JobState::kQueued;
  absl::Time create_time;
  std::optional<absl::Time> start_time;  // of the latest attempt
  std::optional<absl::Time> end_time;

  int attempt = 0;           // 1 for the first run; counts the runs that were claimed
  int charged_attempts = 0;  // runs that a ring lost; a server's crash or drain charges none
  int max_attempts = 1;      // the job fails when the last of these is lost
  std::string ring;          // of the latest attempt
  std::string lease_owner;   // the server that runs it; empty unless RUNNING
  std::optional<absl::Time> lease_until;
  bool cancel_requested = false;

  absl::Status error;            // not OK when FAILED, CANCELLED or EXPIRED; with details
  std::vector<JobVideo> videos;  // when SUCCEEDED, by index
  int64_t sequence = 0;          // grows with every stored change but lease renewals
};

}  // namespace wan

#endif  // WAN_SERVER_JOB_JOB_H_

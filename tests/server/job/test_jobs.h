#ifndef WAN_TESTS_SERVER_JOB_TEST_JOBS_H_
#define WAN_TESTS_SERVER_JOB_TEST_JOBS_H_

#include <string>

#include "server/job/job_store.h"

namespace wan {

inline constexpr int64_t kNoLimit = 1'000'000;

// A valid job to insert; `prompt` tells jobs apart.
inline NewJob TestJob(const std::string& prompt = "a red ball", const std::string& model = "m") {
  NewJob job;
  job.request_fingerprint = "fingerprint of " + prompt;
  job.resolved.spec.model = model;
  job.resolved.spec.prompt = prompt;
  job.resolved.spec.width = 64;
  job.resolved.spec.height = 32;
  job.resolved.spec.num_frames = 5;
  job.resolved.spec.num_steps = 3;
  job.resolved.spec.seed = 6687881544318117707;  // more than a double holds
  job.resolved.spec.num_videos = 2;
  job.resolved.origins = {{"width", ValueOrigin::kRequest}, {"seed", ValueOrigin::kServer}};
  job.max_attempts = 2;
  return job;
}

inline ClaimFilter TestClaim(std::vector<std::string> models = {"m"}) {
  return {.models = std::move(models), .ring = "ring-0", .owner = "server-a", .lease = absl::Seconds(60)};
}

}  // namespace wan

#endif  // WAN_TESTS_SERVER_JOB_TEST_JOBS_H_

// What SubmitJob accepts.
#ifndef WAN_SERVER_API_JOB_SUBMISSION_H_
#define WAN_SERVER_API_JOB_SUBMISSION_H_

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/generation/model_catalog.h"
#include "server/job/job_queue.h"
#include "server/metrics/server_metrics.h"
#include "server/ring/dispatcher.h"
#include "wan/v1/video_generation.pb.h"

namespace wan {

// The lower-case form of a UUID ("8-4-4-4-12" hexadecimal digits of any version), nullopt for any other text.
std::optional<std::string> NormalizeUuid(absl::string_view text);

// Any thread.
class JobSubmission {
 public:
  // All borrowed. `on_storage_failure` is called when a job could not be stored.
  JobSubmission(const ModelCatalog& catalog, const Dispatcher& dispatcher, JobQueue& queue, ServerMetrics& metrics,
                std::function<void()> on_storage_failure);

  // Stores the job, or gives the first one of this request_id. All violations at once. Errors: INVALID_ARGUMENT /
  // INVALID_SPEC (or CODEC_UNAVAILABLE, INVALID_REQUEST where that alone is wrong), NOT_FOUND / MODEL_NOT_SERVED,
  // UNAVAILABLE / SERVER_DRAINING, those of JobStore::Insert.
  absl::StatusOr<Job> Submit(const v1::SubmitJobRequest& request);

  void RefuseFromNowOn() { is_draining_ = true; }

 private:
  absl::StatusOr<NewJob> Check(const v1::SubmitJobRequest& request) const;
  std::optional<FieldViolation> CheckCodec(const std::string& codec, const std::string& model) const;

  const ModelCatalog& catalog_;
  const Dispatcher& dispatcher_;
  JobQueue& queue_;
  ServerMetrics& metrics_;
  const std::function<void()> on_storage_failure_;
  std::atomic<bool> is_draining_ = false;
};

}  // namespace wan

#endif  // WAN_SERVER_API_JOB_SUBMISSION_H_

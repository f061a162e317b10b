#include "server/metrics/server_metrics.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/version.h"

namespace wan {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Histogram;

constexpr char kOther[] = "other";
constexpr char kPriority[] = "normal";  // the only one so far

const Histogram::BucketBoundaries& JobBuckets() {
  static const Histogram::BucketBoundaries buckets = {0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200};
  return buckets;
}

const Histogram::BucketBoundaries& CallBuckets() {
  static const Histogram::BucketBoundaries buckets = {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 1800, 3600};
  return buckets;
}

// Reasons with which a job can fail.
constexpr const char* kFailures[] = {kInvalidSpec,  kModelNotServed, kCodecUnavailable, kRingLost,  kDeviceOutOfMemory,
                                     kEncodeFailed, kStorage,        kNonFinite,        kJobTimeout};
constexpr const char* kRefusals[] = {kInvalidSpec, kInvalidRequest,  kModelNotServed, kCodecUnavailable,
                                     kQueueFull,   kRequestIdReused, kServerDraining, kStorage};
constexpr const char* kRetryReasons[] = {kRingLost, kRingBusy, kRingDraining, kServerDraining};
constexpr v1::Phase kPhases[] = {v1::PHASE_LOADING,   v1::PHASE_ENCODING_TEXT, v1::PHASE_ENCODING_MEDIA,
                                 v1::PHASE_DENOISING, v1::PHASE_DECODING,      v1::PHASE_MUXING,
                                 v1::PHASE_PUBLISHING};
constexpr const char* kMethods[] = {"wan.v1.VideoGeneration/SubmitJob",  "wan.v1.VideoGeneration/GetJob",
                                    "wan.v1.VideoGeneration/ListJobs",   "wan.v1.VideoGeneration/CancelJob",
                                    "wan.v1.VideoGeneration/WatchJob",   "wan.v1.VideoGeneration/DownloadVideo",
                                    "wan.v1.VideoGeneration/ListModels", "wan.v1.Admin/ListRings"};

template <size_t N>
std::string KnownOr(const char* const (&known)[N], const std::string& value, const std::string& otherwise) {
  return std::any_of(std::begin(known), std::end(known), [&](const char* name) { return value == name; }) ? value
                                                                                                          : otherwise;
}

std::string ReasonOf(const absl::Status& status) {
  if (status.ok()) return "";
  return GetErrorDetails(status).reason;
}

std::string FailureLabel(const Job& job) {
  switch (job.state) {
    case JobState::kSucceeded:
      return "";
    case JobState::kFailed:
      return KnownOr(kFailures, ReasonOf(job.error), kOther);
    case JobState::kCancelled:
      return kJobCancelled;
    default:
      return kJobTimeout;
  }
}

std::string PhaseLabel(v1::Phase phase) {
  std::string name = v1::Phase_Name(phase);
  if (name.rfind("PHASE_", 0) != 0) return kOther;
  return absl::AsciiStrToLower(name.substr(6));
}

// By pixels of a frame, of the sizes that Wan models are used at.
const char* SizeClass(const GenerationSpec& spec) {
  const int64_t pixels = spec.width * spec.height;
  if (pixels <= 256 * 256) return "small";
  if (pixels <= 832 * 480) return "480p";
  return pixels <= 1280 * 720 ? "720p" : "large";
}

std::string OutcomeLabel(JobState state) {
  const absl::string_view name = JobStateName(state);
  return absl::AsciiStrToLower(name);
}

}  // namespace

ServerMetrics::ServerMetrics(prometheus::Registry& registry, const ModelCatalog& catalog,
                             const std::vector<std::string>& rings)
    : catalog_(catalog),
      jobs_(BuildCounter().Name("wan_jobs_total").Help("Jobs that ended").Register(registry)),
      job_duration_(BuildHistogram()
                        .Name("wan_job_duration_seconds")
                        .Help("From the start of a job's last attempt to its end")
                        .Register(registry)),
      queue_time_(BuildHistogram()
                      .Name("wan_job_queue_seconds")
                      .Help("From a job's submission to the start of its first attempt")
                      .Register(registry)),
      queued_(BuildGauge().Name("wan_queue_jobs").Help("Jobs that wait for a ring").Register(registry)),
      oldest_age_(BuildGauge()
                      .Name("wan_queue_oldest_age_seconds")
                      .Help("Age of the oldest job that waits; 0 when none does")
                      .Register(registry)),
      retries_(BuildCounter().Name("wan_job_retries_total").Help("Jobs put back into the queue").Register(registry)),
      ring_ready_(BuildGauge()
                      .Name("wan_ring_ready")
                      .Help("1 while the ring has its model loaded and takes or runs jobs")
                      .Register(registry)),
      refusals_(BuildCounter().Name("wan_admission_rejections_total").Help("Refused submissions").Register(registry)),
      phases_(BuildHistogram()
                  .Name("wan_phase_duration_seconds")
                  .Help("Time that succeeded jobs spent in each phase")
                  .Register(registry)),
      output_bytes_(BuildCounter().Name("wan_output_bytes_total").Help("Bytes of stored videos").Register(registry)),
      output_frames_(BuildCounter().Name("wan_output_frames_total").Help("Frames of stored videos").Register(registry)),
      calls_(BuildCounter().Name("wan_grpc_server_handled_total").Help("Calls that ended").Register(registry)),
      call_duration_(BuildHistogram()
                         .Name("wan_grpc_server_handling_seconds")
                         .Help("Duration of calls, streams from open to end")
                         .Register(registry)) {
  BuildGauge().Name("wan_build_info").Help("Always 1").Register(registry).Add({{"version", BuildVersion()}}).Set(1);
  for (const auto& [model, entry] : catalog.models()) {
    const std::string task = TaskLabel(model);
    jobs_.Add({{"model", model}, {"task", task}, {"outcome", "succeeded"}, {"reason", ""}});
    jobs_.Add({{"model", model}, {"task", task}, {"outcome", "cancelled"}, {"reason", kJobCancelled}});
    jobs_.Add({{"model", model}, {"task", task}, {"outcome", "expired"}, {"reason", kJobTimeout}});
    for (const char* reason : kFailures) {
      jobs_.Add({{"model", model}, {"task", task}, {"outcome", "failed"}, {"reason", reason}});
    }
    queue_time_.Add({{"model", model}, {"priority", kPriority}}, JobBuckets());
    queued_.Add({{"model", model}, {"priority", kPriority}});
    oldest_age_.Add({{"model", model}, {"priority", kPriority}});
    for (const v1::Phase phase : kPhases) phases_.Add({{"phase", PhaseLabel(phase)}, {"model", model}}, JobBuckets());
  }
  for (const std::string& ring : rings) {
    ring_ready_.Add({{"ring", ring}});
    for (const char* reason : kRetryReasons) retries_.Add({{"ring", ring}, {"reason", reason}});
  }
  for (const char* reason : kRefusals) refusals_.Add({{"reason", reason}});
  for (const std::string& codec : VideoCodecNames()) {
    output_bytes_.Add({{"codec", codec}});
    output_frames_.Add({{"codec", codec}});
  }
  for (const char* method : kMethods) {
    calls_.Add({{"method", method}, {"code", "OK"}});
    call_duration_.Add({{"method", method}, {"code", "OK"}}, CallBuckets());
  }
}

std::string ServerMetrics::ModelLabel(const std::string& model) const {
  return catalog_.Find(model) != nullptr ? model : kOther;
}

std::string ServerMetrics::TaskLabel(const std::string& model) const {
  const ModelEntry* entry = catalog_.Find(model);
  return entry != nullptr && !entry->tasks.empty() ? entry->tasks.front() : kOther;
}

void ServerMetrics::JobStarted(const Job& job) {
  if (job.attempt != 1 || !job.start_time.has_value()) return;
  queue_time_.Add({{"model", ModelLabel(job.resolved.spec.model)}, {"priority", kPriority}}, JobBuckets())
      .Observe(absl::ToDoubleSeconds(*job.start_time - job.create_time));
}

void ServerMetrics::JobEnded(const Job& job) {
  const GenerationSpec& spec = job.resolved.spec;
  const std::string model = ModelLabel(spec.model);
  const std::string task = TaskLabel(spec.model);
  const std::string outcome = OutcomeLabel(job.state);
  jobs_.Add({{"model", model}, {"task", task}, {"outcome", outcome}, {"reason", FailureLabel(job)}}).Increment();
  if (!job.start_time.has_value() || !job.end_time.has_value()) return;
  job_duration_
      .Add({{"model", model}, {"task", task}, {"size_class", SizeClass(spec)}, {"outcome", outcome}}, JobBuckets())
      .Observe(absl::ToDoubleSeconds(*job.end_time - *job.start_time));
}

void ServerMetrics::JobRetried(const std::string& ring, absl::string_view reason) {
  retries_.Add({{"ring", ring}, {"reason", KnownOr(kRetryReasons, std::string(reason), kOther)}}).Increment();
}

void ServerMetrics::SubmissionRefused(const absl::Status& status) {
  refusals_.Add({{"reason", KnownOr(kRefusals, ReasonOf(status), kOther)}}).Increment();
}

void ServerMetrics::PhaseEnded(v1::Phase phase, const std::string& model, absl::Duration duration) {
  phases_.Add({{"phase", PhaseLabel(phase)}, {"model", ModelLabel(model)}}, JobBuckets())
      .Observe(absl::ToDoubleSeconds(duration));
}

void ServerMetrics::VideoStored(const JobVideo& video) {
  const std::string codec(VideoCodecName(video.codec));
  output_bytes_.Add({{"codec", codec}}).Increment(static_cast<double>(video.size_bytes));
  output_frames_.Add({{"codec", codec}}).Increment(video.num_frames);
}

void ServerMetrics::SetRingReady(const std::string& ring, bool is_ready) {
  ring_ready_.Add({{"ring", ring}}).Set(is_ready ? 1 : 0);
}

void ServerMetrics::SetQueued(const std::vector<QueuedJobs>& queued, absl::Time now) {
  struct Row {
    int64_t count = 0;
    double age = 0;
  };
  std::map<std::string, Row> rows = {{kOther, {}}};
  for (const auto& [model, entry] : catalog_.models()) rows[model] = {};
  for (const QueuedJobs& jobs : queued) {
    Row& row = rows[ModelLabel(jobs.model)];
    row.count += jobs.count;
    row.age = std::max(row.age, absl::ToDoubleSeconds(now - jobs.oldest_create_time));
  }
  for (const auto& [model, row] : rows) {
    queued_.Add({{"model", model}, {"priority", kPriority}}).Set(static_cast<double>(row.count));
    oldest_age_.Add({{"model", model}, {"priority", kPriority}}).Set(row.age);
  }
}

void ServerMetrics::CallEnded(const std::string& method, absl::StatusCode code, absl::Duration duration) {
  const prometheus::Labels labels = {{"method", method}, {"code", absl::StatusCodeToString(code)}};
  calls_.Add(labels).Increment();
  call_duration_.Add(labels, CallBuckets()).Observe(absl::ToDoubleSeconds(duration));
}

}  // namespace wan

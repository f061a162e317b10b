#include "server/api/job_submission.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/error.h"
#include "common/generation/spec_proto.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "server/job/request_fingerprint.h"

namespace wan {

std::optional<std::string> NormalizeUuid(absl::string_view text) {
  constexpr absl::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kForm.size()) return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kForm[i] == '-' ? text[i] != '-' : !absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) {
      return std::nullopt;
    }
  }
  return absl::AsciiStrToLower(text);
}

JobSubmission::JobSubmission(const ModelCatalog& catalog, const Dispatcher& dispatcher, JobQueue& queue,
                             ServerMetrics& metrics, std::function<void()> on_storage_failure)
    : catalog_(catalog),
      dispatcher_(dispatcher),
      queue_(queue),
      metrics_(metrics),
      on_storage_failure_(std::move(on_storage_failure)) {}

absl::StatusOr<Job> JobSubmission::Submit(const v1::SubmitJobRequest& request) {
  const auto refuse = [this](const absl::Status& status) {
    metrics_.SubmissionRefused(status);
    return status;
  };
  if (is_draining_) {
    return refuse(MakeError(absl::StatusCode::kUnavailable, kServerDraining, "the server stops; try again later"));
  }
  absl::StatusOr<NewJob> job = Check(request);
  if (!job.ok()) return refuse(job.status());
  absl::StatusOr<InsertedJob> inserted = queue_.Submit(*std::move(job));
  if (inserted.ok()) return std::move(inserted->job);
  if (HasReason(inserted.status(), kStorage)) on_storage_failure_();
  return refuse(inserted.status());
}

// A model whose rings are all down takes jobs of any codec; a job fails at its start where the codec is not there then.
std::optional<FieldViolation> JobSubmission::CheckCodec(const std::string& codec, const std::string& model) const {
  const Dispatcher::ModelRings rings = dispatcher_.RingsOf(model);
  if (!rings.any_up || rings.codecs.contains(codec)) return std::nullopt;
  return FieldViolation{"spec.codec", absl::StrCat(codec, " is not available on the rings of ", model, "; they have ",
                                                   absl::StrJoin(rings.codecs, ", "))};
}

absl::StatusOr<NewJob> JobSubmission::Check(const v1::SubmitJobRequest& request) const {
  NewJob job;
  std::vector<FieldViolation> violations;
  std::string reason;  // of the violations so far
  if (!request.request_id().empty()) {
    if (const auto uuid = NormalizeUuid(request.request_id())) {
      job.request_id = *uuid;
    } else {
      violations.push_back({"request_id", absl::StrCat(QuoteBriefly(request.request_id()), " is not a UUID")});
      reason = kInvalidRequest;
    }
  }
  const GenerationRequest generation = RequestFromProto(request.spec());
  const ModelEntry* entry = catalog_.Find(generation.model);
  if (entry == nullptr) {  // what else is wrong depends on the model
    const absl::Status unknown = catalog_.UnknownModelError(generation.model);
    ErrorDetails details = GetErrorDetails(unknown);
    details.violations.insert(details.violations.end(), violations.begin(), violations.end());
    return WithDetails(unknown, details);
  }
  absl::StatusOr<ResolvedSpec> resolved = ResolveSpec(generation, *entry, &RandomSeed);
  const std::string codec = generation.codec.value_or(std::string(VideoCodecName(entry->defaults.codec)));
  if (!resolved.ok()) {
    const ErrorDetails details = GetErrorDetails(resolved.status());
    if (details.violations.empty()) return resolved.status();
    violations.insert(violations.begin(), details.violations.begin(), details.violations.end());
    reason = kInvalidSpec;
  }
  if (ParseVideoCodec(codec).has_value()) {
    if (std::optional<FieldViolation> unavailable = CheckCodec(codec, entry->name)) {
      reason = violations.empty() ? kCodecUnavailable : kInvalidSpec;
      violations.push_back(*std::move(unavailable));
    }
  }
  if (!violations.empty()) {
    const absl::Status status = InvalidSpecError(violations);
    return WithDetails(status, {.reason = reason, .metadata = {}, .violations = std::move(violations)});
  }
  job.request_fingerprint = RequestFingerprint(generation);
  job.resolved = *std::move(resolved);
  return job;
}

}  // namespace wan

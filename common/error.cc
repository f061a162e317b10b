#include "common/error.h"

#include <nlohmann/json.hpp>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/log.h"

namespace wan {
namespace {

constexpr char kPayloadUrl[] = "wan/error-details+json";

std::string Encode(const ErrorDetails& details) {
  nlohmann::json json;
  json["reason"] = details.reason;
  json["metadata"] = details.metadata;
  json["violations"] = nlohmann::json::array();
  for (const FieldViolation& violation : details.violations) {
    json["violations"].push_back({violation.field, violation.description});
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                       std::map<std::string, std::string> metadata) {
  return WithDetails(absl::Status(code, message),
                     {.reason = std::string(reason), .metadata = std::move(metadata), .violations = {}});
}

absl::Status InvalidSpecError(std::vector<FieldViolation> violations) {
  WAN_CHECK(!violations.empty());
  const std::string message = absl::StrJoin(violations, "; ", [](std::string* out, const FieldViolation& violation) {
    absl::StrAppend(out, violation.field, ": ", violation.description);
  });
  return WithDetails(absl::InvalidArgumentError(message),
                     {.reason = kInvalidSpec, .metadata = {}, .violations = std::move(violations)});
}

absl::Status WithDetails(absl::Status status, const ErrorDetails& details) {
  if (!status.ok()) status.SetPayload(kPayloadUrl, absl::Cord(Encode(details)));
  return status;
}

ErrorDetails GetErrorDetails(const absl::Status& status) {
  ErrorDetails details;
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return details;
  const nlohmann::json json = nlohmann::json::parse(std::string(*payload));
  details.reason = json["reason"].get<std::string>();
  details.metadata = json["metadata"].get<std::map<std::string, std::string>>();
  for (const auto& violation : json["violations"]) {
    details.violations.push_back({violation[0].get<std::string>(), violation[1].get<std::string>()});
  }
  return details;
}

bool HasReason(const absl::Status& status, absl::string_view reason) {
  return GetErrorDetails(status).reason == reason;
}

absl::Status Annotate(const absl::Status& status, absl::string_view prefix) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(prefix, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) { annotated.SetPayload(url, payload); });
  return annotated;
}

}  // namespace wan

#include "common/rpc/grpc_status.h"

#include <google/protobuf/any.pb.h>

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/utf8.h"
#include "google/rpc/error_details.pb.h"

namespace wan {
namespace {

// A trailer block is limited to 8 KiB by older clients, other trailers included. On the wire the message is
// percent-encoded (a byte outside printable ASCII takes three), and the details, which hold the message once more, are
// base64 (four bytes for three): 1 KiB + 4 KiB at most.
constexpr size_t kMaxEncodedMessage = 1024;
constexpr size_t kMaxDetails = 3072;
constexpr size_t kMaxField = 128;
constexpr size_t kMaxDescription = 512;
constexpr size_t kMaxMetadataEntries = 8;
constexpr size_t kMaxMetadataKey = 64;
constexpr size_t kMaxMetadataValue = 96;
constexpr char kDomain[] = "wan";
constexpr char kEllipsis[] = "…";
constexpr double kDefaultRetrySeconds = 10;
constexpr double kMaxRetrySeconds = 3600;

size_t EncodedLength(unsigned char byte) { return byte >= 0x20 && byte <= 0x7E && byte != '%' ? 1 : 3; }

// Valid UTF-8 of at most `max_bytes`, with an ellipsis where something is cut off.
std::string Cut(absl::string_view text, size_t max_bytes) {
  std::string valid = ToValidUtf8(Utf8Prefix(text, max_bytes));
  if (valid.size() == text.size() && valid.size() <= max_bytes) return valid;
  return absl::StrCat(Utf8Prefix(valid, max_bytes - std::min(max_bytes, sizeof(kEllipsis) - 1)), kEllipsis);
}

// Cut by its length on the wire. Where the message lists violations, says how many of them are cut off.
std::string CutMessage(absl::string_view message, const ErrorDetails& details) {
  const std::string valid = ToValidUtf8(Utf8Prefix(message, kMaxEncodedMessage));
  size_t encoded = 0;
  size_t end = 0;
  while (end < valid.size() && encoded + EncodedLength(valid[end]) <= kMaxEncodedMessage) {
    encoded += EncodedLength(valid[end++]);
  }
  if (end == valid.size() && message.size() <= kMaxEncodedMessage) return valid;
  constexpr size_t kReserve = 48;  // encoded length of "… and 1000000 more" and some
  while (end > 0 && encoded + kReserve > kMaxEncodedMessage) encoded -= EncodedLength(valid[--end]);
  const absl::string_view head = Utf8Prefix(valid, end);
  const auto left_out = std::count_if(details.violations.begin(), details.violations.end(), [&](const auto& violation) {
    return head.find(absl::StrCat(violation.field, ": ", violation.description)) == absl::string_view::npos;
  });
  return left_out == 0 ? absl::StrCat(head, kEllipsis) : absl::StrCat(head, "… and ", left_out, " more");
}

google::rpc::ErrorInfo MakeErrorInfo(const ErrorDetails& details) {
  google::rpc::ErrorInfo info;
  info.set_reason(details.reason);
  info.set_domain(kDomain);
  size_t count = 0;
  for (const auto& [key, value] : details.metadata) {
    if (++count > kMaxMetadataEntries) break;
    (*info.mutable_metadata())[Cut(key, kMaxMetadataKey)] = Cut(value, kMaxMetadataValue);
  }
  return info;
}

google::rpc::RetryInfo MakeRetryInfo(const ErrorDetails& details) {
  double seconds = kDefaultRetrySeconds;
  if (const auto given = details.metadata.find(kRetryDelaySecondsKey); given != details.metadata.end()) {
    if (!absl::SimpleAtod(given->second, &seconds) || !(seconds > 0)) seconds = kDefaultRetrySeconds;
  }
  seconds = std::min(seconds, kMaxRetrySeconds);
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(static_cast<int64_t>(seconds));
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>((seconds - static_cast<int64_t>(seconds)) * 1e9));
  return info;
}

// As many violations, from the first, as fit into `budget` bytes, then one without field that counts the others.
google::rpc::BadRequest MakeBadRequest(const std::vector<FieldViolation>& violations, size_t budget) {
  constexpr size_t kReserve = 40;  // the counting one
  google::rpc::BadRequest request;
  for (size_t i = 0; i < violations.size(); ++i) {
    auto* added = request.add_field_violations();
    added->set_field(Cut(violations[i].field, kMaxField));
    added->set_description(Cut(violations[i].description, kMaxDescription));
    const bool is_last = i + 1 == violations.size();
    if (request.ByteSizeLong() + (is_last ? 0 : kReserve) <= budget) continue;
    request.mutable_field_violations()->RemoveLast();
    request.add_field_violations()->set_description(absl::StrCat("… and ", violations.size() - i, " more"));
    break;
  }
  return request;
}

absl::StatusCode CodeFromInt(int code) {
  const bool is_known = code >= 0 && code <= static_cast<int>(absl::StatusCode::kUnauthenticated);
  return is_known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown;
}

}  // namespace

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status message;
  message.set_code(static_cast<int>(status.code()));
  if (status.ok()) return message;
  const ErrorDetails details = GetErrorDetails(status);
  message.set_message(CutMessage(status.message(), details));
  if (!details.reason.empty()) message.add_details()->PackFrom(MakeErrorInfo(details));
  if (details.reason == kQueueFull) message.add_details()->PackFrom(MakeRetryInfo(details));
  if (!details.violations.empty()) {
    constexpr size_t kAnyOverhead = 64;  // type URL and lengths
    const size_t used = message.ByteSizeLong() + kAnyOverhead;
    message.add_details()->PackFrom(MakeBadRequest(details.violations, kMaxDetails - std::min(kMaxDetails, used)));
  }
  return message;
}

absl::Status FromRpcStatus(const google::rpc::Status& message) {
  absl::Status status(CodeFromInt(message.code()), message.message());
  ErrorDetails details;
  for (const google::protobuf::Any& detail : message.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest request;
    if (detail.UnpackTo(&info)) {
      details.reason = info.reason();
      details.metadata.insert(info.metadata().begin(), info.metadata().end());
    } else if (detail.UnpackTo(&request)) {
      for (const auto& violation : request.field_violations()) {
        details.violations.push_back({violation.field(), violation.description()});
      }
    }
  }
  if (details.reason.empty() && details.violations.empty()) return status;
  return WithDetails(std::move(status), details);
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status message = ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message.message(),
                      message.details().empty() ? std::string() : message.SerializeAsString());
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status message;
  if (status.error_details().empty() || !message.ParseFromString(status.error_details())) message.Clear();
  message.set_code(status.error_code());
  message.set_message(status.error_message());
  return FromRpcStatus(message);
}

}  // namespace wan

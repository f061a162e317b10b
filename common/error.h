// Errors with the details that google.rpc.Status carries, without protobuf: they travel as payloads of absl::Status
// and become ErrorInfo and BadRequest at the edge (common/rpc/grpc_status). The numerical core uses them as well.
#ifndef WAN_COMMON_ERROR_H_
#define WAN_COMMON_ERROR_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace wan {

// Machine-readable reasons (ErrorInfo.reason). Who acts on each: docs/architecture.md.
inline constexpr char kInvalidSpec[] = "INVALID_SPEC";
inline constexpr char kInvalidRequest[] = "INVALID_REQUEST";
inline constexpr char kJobNotFound[] = "JOB_NOT_FOUND";
inline constexpr char kModelNotServed[] = "MODEL_NOT_SERVED";
inline constexpr char kCodecUnavailable[] = "CODEC_UNAVAILABLE";
inline constexpr char kQueueFull[] = "QUEUE_FULL";
inline constexpr char kRequestIdReused[] = "REQUEST_ID_REUSED";
inline constexpr char kResultNotReady[] = "RESULT_NOT_READY";
inline constexpr char kRingBusy[] = "RING_BUSY";
inline constexpr char kRingLost[] = "RING_LOST";
inline constexpr char kRingDraining[] = "RING_DRAINING";
inline constexpr char kServerDraining[] = "SERVER_DRAINING";
inline constexpr char kDeviceOutOfMemory[] = "DEVICE_OUT_OF_MEMORY";
inline constexpr char kJobCancelled[] = "JOB_CANCELLED";
inline constexpr char kJobTimeout[] = "JOB_TIMEOUT";
inline constexpr char kEncodeFailed[] = "ENCODE_FAILED";
inline constexpr char kStorage[] = "STORAGE";
inline constexpr char kNonFinite[] = "NON_FINITE";

// One bad field: `field` is a path of the request ("spec.width"), `description` says the value and what is allowed.
struct FieldViolation {
  std::string field;
  std::string description;
};

// What a status carries besides code and message.
struct ErrorDetails {
  std::string reason;                           // one of the constants above; empty: none
  std::map<std::string, std::string> metadata;  // e.g. {"phase", "denoising"}, {"step", "3"}
  std::vector<FieldViolation> violations;
};

absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                       std::map<std::string, std::string> metadata = {});

// INVALID_ARGUMENT / INVALID_SPEC whose message lists the violations. Precondition: at least one.
absl::Status InvalidSpecError(std::vector<FieldViolation> violations);

// Attaches `details` to a status that is not OK, replacing earlier ones.
absl::Status WithDetails(absl::Status status, const ErrorDetails& details);

// Empty details where there are none.
ErrorDetails GetErrorDetails(const absl::Status& status);

// True when `status` carries this reason.
bool HasReason(const absl::Status& status, absl::string_view reason);

// Prefixes the message ("open shard 3 of 7: …"), keeping code and details.
absl::Status Annotate(const absl::Status& status, absl::string_view prefix);

}  // namespace wan

#endif  // WAN_COMMON_ERROR_H_

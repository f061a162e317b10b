#include "client/wanctl/exit_code.h"

#include "common/error.h"
#include "common/rpc/grpc_status.h"

namespace wan {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return kExitUsage;
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return kExitDenied;
    case absl::StatusCode::kResourceExhausted:
      return kExitBusy;
    case absl::StatusCode::kDeadlineExceeded:
      return kExitTimeout;
    case absl::StatusCode::kUnavailable:
      return kExitUnavailable;
    case absl::StatusCode::kCancelled:
      return kExitCancelled;
    default:
      return kExitFailure;
  }
}

ExitCode ExitCodeOf(const v1::Job& job) {
  switch (job.state()) {
    case v1::JOB_STATE_SUCCEEDED:
      return kExitOk;
    case v1::JOB_STATE_CANCELLED:
      return kExitCancelled;
    case v1::JOB_STATE_EXPIRED:
      return kExitTimeout;
    default:
      break;
  }
  // Whatever made the job fail is a failed job to the caller (a device out of memory is not a busy server); its own
  // deadline alone has a code.
  const absl::Status error = FromRpcStatus(job.error());
  return absl::IsDeadlineExceeded(error) || HasReason(error, kJobTimeout) ? kExitTimeout : kExitFailure;
}

}  // namespace wan

// absl::Status to and from grpc::Status; details travel as google.rpc.Status so that any client can read them.
#ifndef WAN_COMMON_RPC_GRPC_STATUS_H_
#define WAN_COMMON_RPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace wan {

// Key of ErrorDetails.metadata that says, for QUEUE_FULL, after how many seconds to try again ("12.5"); without it 10.
inline constexpr char kRetryDelaySecondsKey[] = "retry_delay_seconds";

// ErrorInfo{reason, domain "wan", metadata}, BadRequest for violations, RetryInfo for QUEUE_FULL. Message and details
// are cut to about 4 KiB in all ("… and N more"), since they travel in trailers that clients limit to 8 KiB.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The inverse; a status without details keeps code and message.
absl::Status FromGrpcStatus(const grpc::Status& status);

// The same content as a message (Job.error), cut in the same way.
google::rpc::Status ToRpcStatus(const absl::Status& status);
absl::Status FromRpcStatus(const google::rpc::Status& status);

}  // namespace wan

#endif  // WAN_COMMON_RPC_GRPC_STATUS_H_

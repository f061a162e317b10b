// Those parts of a job that a table keeps as bytes, in messages of the public API: fields that a later version adds are
// kept by it and skipped by this one.
#ifndef WAN_SERVER_JOB_JOB_RECORD_H_
#define WAN_SERVER_JOB_JOB_RECORD_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/generation/spec.h"

namespace wan {

// A serialized wan.v1.Job with only spec and spec_origins.
std::string EncodeResolvedSpec(const ResolvedSpec& resolved);
// DATA_LOSS when the bytes are no such message.
absl::StatusOr<ResolvedSpec> DecodeResolvedSpec(const std::string& bytes);

// A serialized google.rpc.Status, cut as it is when it travels. Empty for OK.
std::string EncodeError(const absl::Status& error);
// Writes to `error`; DATA_LOSS when the bytes are no such message.
absl::Status DecodeError(const std::string& bytes, absl::Status& error);

}  // namespace wan

#endif  // WAN_SERVER_JOB_JOB_RECORD_H_

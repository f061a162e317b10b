// The one conversion between GenerationSpec and its message.
#ifndef WAN_COMMON_GENERATION_SPEC_PROTO_H_
#define WAN_COMMON_GENERATION_SPEC_PROTO_H_

#include "absl/status/statusor.h"
#include "common/generation/spec.h"
#include "wan/v1/generation.pb.h"
#include "wan/v1/job.pb.h"

namespace wan {

// Field by field; absent stays absent. Checks nothing but the frame rate's form.
GenerationRequest RequestFromProto(const wan::v1::GenerationSpec& message);
wan::v1::GenerationSpec RequestToProto(const GenerationRequest& request);

// Every field set.
wan::v1::GenerationSpec SpecToProto(const GenerationSpec& spec);

// For messages that SpecToProto made (job table, ring). INVALID_ARGUMENT names a missing or unknown value.
absl::StatusOr<GenerationSpec> SpecFromProto(const wan::v1::GenerationSpec& message);

wan::v1::ValueOrigin OriginToProto(ValueOrigin origin);

}  // namespace wan

#endif  // WAN_COMMON_GENERATION_SPEC_PROTO_H_

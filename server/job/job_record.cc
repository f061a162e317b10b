#include "server/job/job_record.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/generation/spec_proto.h"
#include "common/rpc/grpc_status.h"
#include "google/rpc/status.pb.h"
#include "wan/v1/job.pb.h"

namespace wan {

std::string EncodeResolvedSpec(const ResolvedSpec& resolved) {
  wan::v1::Job message;
  *message.mutable_spec() = SpecToProto(resolved.spec);
  for (const auto& [field, origin] : resolved.origins) {
    (*message.mutable_spec_origins())[field] = OriginToProto(origin);
  }
  return message.SerializeAsString();
}

absl::StatusOr<ResolvedSpec> DecodeResolvedSpec(const std::string& bytes) {
  wan::v1::Job message;
  if (!message.ParseFromString(bytes)) return absl::DataLossError("the stored spec cannot be parsed");
  absl::StatusOr<GenerationSpec> spec = SpecFromProto(message.spec());
  if (!spec.ok()) return absl::DataLossError(absl::StrCat("the stored spec: ", spec.status().message()));
  ResolvedSpec resolved;
  resolved.spec = *std::move(spec);
  for (const auto& [field, origin] : message.spec_origins()) {
    for (const ValueOrigin known : {ValueOrigin::kRequest, ValueOrigin::kModel, ValueOrigin::kServer}) {
      if (OriginToProto(known) == origin) resolved.origins[field] = known;
    }
  }
  return resolved;
}

std::string EncodeError(const absl::Status& error) {
  return error.ok() ? std::string() : ToRpcStatus(error).SerializeAsString();
}

absl::Status DecodeError(const std::string& bytes, absl::Status& error) {
  google::rpc::Status message;
  if (!message.ParseFromString(bytes)) return absl::DataLossError("the stored error cannot be parsed");
  error = FromRpcStatus(message);
  return absl::OkStatus();
}

}  // namespace wan

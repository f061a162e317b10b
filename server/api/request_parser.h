// Requests from their bytes. gRPC's own parsing answers INTERNAL to a string that is not UTF-8, since protobuf refuses
// the whole message; here the caller is told which field it is.
#ifndef WAN_SERVER_API_REQUEST_PARSER_H_
#define WAN_SERVER_API_REQUEST_PARSER_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/error.h"

namespace wan {

// One violation for each string field, at any depth, whose bytes are not UTF-8 ("spec.prompt", "files[2].name").
// `bytes` is the wire form of a message of `descriptor`; it may be damaged, what can be read of it is looked at.
std::vector<FieldViolation> FindInvalidUtf8(absl::string_view bytes, const google::protobuf::Descriptor& descriptor);

// INVALID_ARGUMENT / INVALID_SPEC with such violations, or INVALID_ARGUMENT / INVALID_REQUEST when the bytes are no
// message of this type.
absl::Status ParseRequest(absl::string_view bytes, google::protobuf::Message& message);
absl::Status ParseRequest(const grpc::ByteBuffer& buffer, google::protobuf::Message& message);

// For the replies of the same methods.
grpc::ByteBuffer SerializeReply(const google::protobuf::Message& message);

}  // namespace wan

#endif  // WAN_SERVER_API_REQUEST_PARSER_H_

#include "server/api/request_parser.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/utf8.h"

namespace wan {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

constexpr int kMaxDepth = 100;  // protobuf's own limit

void Walk(absl::string_view bytes, const Descriptor& descriptor, const std::string& prefix, int depth,
          std::vector<FieldViolation>& violations) {
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  std::map<int, int> counts;  // elements of each repeated field so far
  while (const uint32_t tag = stream.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&stream, tag)) return;
      continue;
    }
    uint32_t length = 0;
    std::string value;
    if (!stream.ReadVarint32(&length) || length > bytes.size() ||
        !stream.ReadString(&value, static_cast<int>(length))) {
      return;
    }
    const FieldDescriptor* field = descriptor.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    if (field == nullptr) continue;
    std::string path = absl::StrCat(prefix, field->name());
    if (field->is_repeated()) absl::StrAppend(&path, "[", counts[field->number()]++, "]");
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      if (const std::optional<size_t> offset = FirstInvalidUtf8Byte(value)) {
        violations.push_back({std::move(path), absl::StrCat("is not valid UTF-8 at byte ", *offset)});
      }
    } else if (field->type() == FieldDescriptor::TYPE_MESSAGE && depth < kMaxDepth) {
      Walk(value, *field->message_type(), absl::StrCat(path, "."), depth + 1, violations);
    }
  }
}

}  // namespace

std::vector<FieldViolation> FindInvalidUtf8(absl::string_view bytes, const Descriptor& descriptor) {
  std::vector<FieldViolation> violations;
  Walk(bytes, descriptor, "", 0, violations);
  return violations;
}

absl::Status ParseRequest(absl::string_view bytes, google::protobuf::Message& message) {
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return absl::OkStatus();
  std::vector<FieldViolation> violations = FindInvalidUtf8(bytes, *message.GetDescriptor());
  if (!violations.empty()) return InvalidSpecError(std::move(violations));
  return MakeError(
      absl::StatusCode::kInvalidArgument, kInvalidRequest,
      absl::StrCat("the request is not a message of type ", std::string(message.GetDescriptor()->full_name())));
}

absl::Status ParseRequest(const grpc::ByteBuffer& buffer, google::protobuf::Message& message) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) {
    return MakeError(absl::StatusCode::kInvalidArgument, kInvalidRequest, "the request cannot be read");
  }
  std::string bytes;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return ParseRequest(bytes, message);
}

grpc::ByteBuffer SerializeReply(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace wan

#include "worker/text/json_node.h"

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "common/utf8.h"

namespace wan {
namespace {

// A scalar as it stands, cut; of containers the type alone (printing one recurses as deep as the file says).
std::string Shown(const nlohmann::json& value) {
  return value.is_structured() ? value.type_name() : std::string(Utf8Prefix(value.dump(), 80));
}

}  // namespace

std::string JsonNode::Where() const { return path_.empty() ? file_ : absl::StrCat(file_, ": ", path_); }

absl::Status JsonNode::Fault(absl::string_view message) const {
  return absl::DataLossError(absl::StrCat(Where(), ": ", message));
}

absl::Status JsonNode::Unsupported(absl::string_view message) const {
  return absl::FailedPreconditionError(absl::StrCat(Where(), ": ", message));
}

std::optional<JsonNode> JsonNode::Find(const char* key) const {
  const auto found = value_.is_object() ? value_.find(key) : value_.end();
  if (found == value_.end() || found->is_null()) return std::nullopt;
  return JsonNode(*found, file_, path_.empty() ? key : absl::StrCat(path_, ".", key));
}

absl::StatusOr<JsonNode> JsonNode::Member(const char* key) const {
  if (!value_.is_object()) return Fault(absl::StrCat("must be an object, not ", Shown(value_)));
  if (std::optional<JsonNode> member = Find(key)) return *std::move(member);
  return Fault(absl::StrCat("\"", key, "\" is missing"));
}

absl::StatusOr<std::string> JsonNode::String() const {
  if (!value_.is_string()) return Fault(absl::StrCat("must be a string, not ", Shown(value_)));
  return value_.get<std::string>();
}

absl::StatusOr<bool> JsonNode::Bool() const {
  if (!value_.is_boolean()) return Fault(absl::StrCat("must be true or false, not ", Shown(value_)));
  return value_.get<bool>();
}

absl::StatusOr<int64_t> JsonNode::Integer(int64_t min, int64_t max) const {
  const bool fits = value_.is_number_unsigned() ? value_.get<uint64_t>() <= INT64_MAX : value_.is_number_integer();
  const int64_t number = fits ? value_.get<int64_t>() : 0;
  if (!fits || number < min || number > max) {
    return Fault(absl::StrCat("must be a whole number from ", min, " to ", max, ", not ", Shown(value_)));
  }
  return number;
}

absl::StatusOr<std::vector<JsonNode>> JsonNode::Elements() const {
  if (!value_.is_array()) return Fault(absl::StrCat("must be a list, not ", Shown(value_)));
  std::vector<JsonNode> elements;
  elements.reserve(value_.size());
  for (size_t i = 0; i < value_.size(); ++i) {
    elements.push_back(JsonNode(value_[i], file_, absl::StrCat(path_, "[", i, "]")));
  }
  return elements;
}

absl::StatusOr<std::string> JsonNode::String(const char* key) const {
  WAN_ASSIGN_OR_RETURN(const JsonNode member, Member(key));
  return member.String();
}

absl::StatusOr<bool> JsonNode::Bool(const char* key) const {
  WAN_ASSIGN_OR_RETURN(const JsonNode member, Member(key));
  return member.Bool();
}

}  // namespace wan

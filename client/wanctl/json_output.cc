#include "client/wanctl/json_output.h"

#include <google/protobuf/util/json_util.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "google/rpc/status.pb.h"

namespace wan {
namespace {

// The details of errors are the only part of a message whose type may be unknown here (a newer server's).
void DropUnknownDetails(google::rpc::Status* status) {
  google::rpc::Status known = *status;
  known.clear_details();
  for (const google::protobuf::Any& detail : status->details()) {
    const std::string& url = detail.type_url();
    const std::string type = url.substr(url.rfind('/') + 1);
    const auto* pool = google::protobuf::DescriptorPool::generated_pool();
    if (pool->FindMessageTypeByName(type) != nullptr) *known.add_details() = detail;
  }
  *status = known;
}

void DropUnknownDetails(google::protobuf::Message* message) {
  if (auto* status = dynamic_cast<google::rpc::Status*>(message); status != nullptr) {
    DropUnknownDetails(status);
    return;
  }
  const google::protobuf::Reflection* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (!field->is_repeated()) {
      DropUnknownDetails(reflection->MutableMessage(message, field));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      DropUnknownDetails(reflection->MutableRepeatedMessage(message, field, i));
    }
  }
}

}  // namespace

absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message, JsonLayout layout) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = layout == JsonLayout::kIndented;
  const std::unique_ptr<google::protobuf::Message> copy(message.New());
  copy->CopyFrom(message);
  DropUnknownDetails(copy.get());
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(*copy, &json, options);
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat("the server's answer has no JSON form: ", std::string(status.message())));
  }
  if (json.empty() || json.back() != '\n') json += '\n';
  return json;
}

absl::StatusOr<std::string> ToJson(const v1::Job& job, const std::map<int, std::string>& paths) {
  WAN_ASSIGN_OR_RETURN(const std::string text, ToJson(job, JsonLayout::kOneLine));
  auto json = nlohmann::ordered_json::parse(text);
  for (auto& video : json["videos"]) {
    const auto path = paths.find(video["index"].get<int>());
    if (path != paths.end()) video["path"] = path->second;
  }
  // A path may hold any bytes.
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string VersionJson(const std::string& version) {
  return nlohmann::ordered_json({{"version", version}}).dump() + "\n";
}

}  // namespace wan

#include "client/wanctl/json_output.h"

#include <google/protobuf/util/json_util.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "common/log.h"

namespace wan {
namespace {

// The details of errors are the only part of a message whose type may be unknown here (a newer server's).
void ClearErrorDetails(google::protobuf::Message* message) {
  if (message->GetDescriptor()->full_name() == "google.rpc.Status") {
    const auto* details = message->GetDescriptor()->FindFieldByName("details");
    message->GetReflection()->ClearField(message, details);
    return;
  }
  const google::protobuf::Reflection* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (!field->is_repeated()) {
      ClearErrorDetails(reflection->MutableMessage(message, field));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      ClearErrorDetails(reflection->MutableRepeatedMessage(message, field, i));
    }
  }
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message, JsonLayout layout) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = layout == JsonLayout::kIndented;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) {
    const std::unique_ptr<google::protobuf::Message> copy(message.New());
    copy->CopyFrom(message);
    ClearErrorDetails(copy.get());
    json.clear();
    const auto status = google::protobuf::util::MessageToJsonString(*copy, &json, options);
    WAN_CHECK(status.ok());
  }
  if (json.empty() || json.back() != '\n') json += '\n';
  return json;
}

std::string ToJson(const v1::Job& job, const std::map<int, std::string>& paths) {
  auto json = nlohmann::ordered_json::parse(ToJson(job, JsonLayout::kOneLine));
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

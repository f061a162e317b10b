#ifndef WAN_WORKER_TEXT_JSON_NODE_H_
#define WAN_WORKER_TEXT_JSON_NODE_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

// A value inside a JSON file that knows where it stands, so that every fault names file and place
// ("tokenizer.json: normalizer.normalizers[1].pattern: …"). Borrows the document.
class JsonNode {
 public:
  JsonNode(const nlohmann::json& value, std::string file) : value_(value), file_(std::move(file)) {}

  const nlohmann::json& value() const { return value_; }
  const std::string& path() const { return path_; }

  // The member, which may be null only for Find: absent and null are nothing there.
  absl::StatusOr<JsonNode> Member(const char* key) const;
  std::optional<JsonNode> Find(const char* key) const;

  // DATA_LOSS when the value is of another type or out of range.
  absl::StatusOr<std::string> String() const;
  absl::StatusOr<bool> Bool() const;
  absl::StatusOr<int64_t> Integer(int64_t min, int64_t max) const;
  absl::StatusOr<std::vector<JsonNode>> Elements() const;

  // The same of a member.
  absl::StatusOr<std::string> String(const char* key) const;
  absl::StatusOr<bool> Bool(const char* key) const;

  // DATA_LOSS: the file is damaged here.
  absl::Status Fault(absl::string_view message) const;
  // FAILED_PRECONDITION: legal, but not something this program can do.
  absl::Status Unsupported(absl::string_view message) const;

 private:
  JsonNode(const nlohmann::json& value, std::string file, std::string path)
      : value_(value), file_(std::move(file)), path_(std::move(path)) {}

  std::string Where() const;

  const nlohmann::json& value_;
  std::string file_;
  std::string path_;
};

}  // namespace wan

#endif  // WAN_WORKER_TEXT_JSON_NODE_H_

#ifndef WAN_WORKER_CHECKPOINT_JSON_FILE_H_
#define WAN_WORKER_CHECKPOINT_JSON_FILE_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

// The object in a JSON file of a checkpoint. FAILED_PRECONDITION when there is no such file, DATA_LOSS with the byte
// when it is not a JSON object.
absl::StatusOr<nlohmann::json> ReadJsonFile(const std::string& path);

// Typed access to a component's config.json. Unknown keys are ignored and absent ones (or null) take the default of
// the reference class, as in Diffusers; a value of a wrong type or range is a fault. All faults come at once.
//
//   JsonConfig config(json, path);
//   result.num_layers = config.Int("num_layers", 40, 1, 1000);
//   WAN_RETURN_IF_ERROR(config.Finish());
class JsonConfig {
 public:
  JsonConfig(const nlohmann::json& json, std::string path) : json_(json), path_(std::move(path)) {}

  int64_t Int(const char* key, int64_t fallback, int64_t min, int64_t max);
  double Double(const char* key, double fallback);
  bool Bool(const char* key, bool fallback);
  std::string String(const char* key, absl::string_view fallback);
  std::vector<int64_t> Ints(const char* key, std::vector<int64_t> fallback);
  std::vector<double> Doubles(const char* key, std::vector<double> fallback);
  std::vector<bool> Bools(const char* key, std::vector<bool> fallback);
  bool Has(const char* key) const { return json_.contains(key) && !json_[key].is_null(); }

  // Records a fault of the caller's own.
  void Fault(const char* key, absl::string_view message);

  // FAILED_PRECONDITION that lists every fault with file, key and value.
  absl::Status Finish() const;

 private:
  const nlohmann::json& json_;
  const std::string path_;
  std::vector<std::string> faults_;
};

}  // namespace wan

#endif  // WAN_WORKER_CHECKPOINT_JSON_FILE_H_

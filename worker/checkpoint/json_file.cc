#include "worker/checkpoint/json_file.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace wan {
namespace {

// Far more than any file of a checkpoint has; what prints a value later goes as deep as the value.
constexpr int kMaxDepth = 64;

}  // namespace

absl::StatusOr<nlohmann::json> ReadJsonFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return absl::FailedPreconditionError(absl::StrCat(path, " is missing or cannot be read"));
  std::ostringstream text;
  text << stream.rdbuf();
  nlohmann::json json;
  bool is_too_deep = false;
  const nlohmann::json::parser_callback_t watch_depth = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    is_too_deep = is_too_deep || depth > kMaxDepth;
    return !is_too_deep;
  };
  try {
    json = nlohmann::json::parse(text.str(), watch_depth);
  } catch (const nlohmann::json::parse_error& error) {
    return absl::DataLossError(absl::StrCat(path, ": not JSON at byte ", error.byte));
  } catch (const nlohmann::json::exception& error) {  // a number beyond float64
    return absl::DataLossError(absl::StrCat(path, ": ", error.what()));
  }
  if (is_too_deep) return absl::DataLossError(absl::StrCat(path, ": nested deeper than ", kMaxDepth));
  if (!json.is_object()) return absl::DataLossError(absl::StrCat(path, ": not a JSON object"));
  return json;
}

void JsonConfig::Fault(const char* key, absl::string_view message) {
  faults_.push_back(
      absl::StrCat(key, ": ", message, Has(key) ? absl::StrCat(", not ", json_[key].dump().substr(0, 80)) : ""));
}

int64_t JsonConfig::Int(const char* key, int64_t fallback, int64_t min, int64_t max) {
  if (!Has(key)) return fallback;
  if (json_[key].is_number_integer()) {
    const int64_t value = json_[key].get<int64_t>();
    if (value >= min && value <= max) return value;
  }
  Fault(key, absl::StrCat("must be a whole number from ", min, " to ", max));
  return fallback;
}

double JsonConfig::Double(const char* key, double fallback) {
  if (!Has(key)) return fallback;
  if (json_[key].is_number() && std::isfinite(json_[key].get<double>())) return json_[key].get<double>();
  Fault(key, "must be a number");
  return fallback;
}

bool JsonConfig::Bool(const char* key, bool fallback) {
  if (!Has(key)) return fallback;
  if (json_[key].is_boolean()) return json_[key].get<bool>();
  Fault(key, "must be true or false");
  return fallback;
}

std::string JsonConfig::String(const char* key, absl::string_view fallback) {
  if (Has(key)) {
    if (json_[key].is_string()) return json_[key].get<std::string>();
    Fault(key, "must be a string");
  }
  return std::string(fallback);
}

namespace {

template <typename T, typename Accepts>
std::vector<T> Sequence(const nlohmann::json& value, Accepts accepts, std::vector<T> fallback, bool* ok) {
  std::vector<T> result;
  *ok = value.is_array();
  for (const auto& item : value) {
    *ok = *ok && accepts(item);
    if (!*ok) return fallback;
    result.push_back(item.template get<T>());
  }
  return *ok ? result : fallback;
}

}  // namespace

std::vector<int64_t> JsonConfig::Ints(const char* key, std::vector<int64_t> fallback) {
  if (!Has(key)) return fallback;
  bool ok;
  auto result = Sequence<int64_t>(
      json_[key], [](const auto& v) { return v.is_number_integer(); }, fallback, &ok);
  if (!ok) Fault(key, "must be a list of whole numbers");
  return result;
}

std::vector<double> JsonConfig::Doubles(const char* key, std::vector<double> fallback) {
  if (!Has(key)) return fallback;
  bool ok;
  auto result = Sequence<double>(
      json_[key], [](const auto& v) { return v.is_number(); }, fallback, &ok);
  if (!ok) Fault(key, "must be a list of numbers");
  return result;
}

std::vector<bool> JsonConfig::Bools(const char* key, std::vector<bool> fallback) {
  if (!Has(key)) return fallback;
  bool ok;
  auto result = Sequence<bool>(
      json_[key], [](const auto& v) { return v.is_boolean(); }, fallback, &ok);
  if (!ok) Fault(key, "must be a list of true and false");
  return result;
}

absl::Status JsonConfig::Finish() const {
  if (faults_.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(path_, ": ", absl::StrJoin(faults_, "; ")));
}

}  // namespace wan

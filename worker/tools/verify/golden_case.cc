#include "worker/tools/verify/golden_case.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/status_macros.h"
#include "worker/checkpoint/shard_loader.h"

namespace wan {
namespace {

namespace fs = std::filesystem;

// Python writes infinities and NaN as bare words, which JSON has not; outside of strings they become null.
std::string WithoutBareWords(const std::string& text) {
  std::string result;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') in_string = !in_string;
    if (in_string && text[i] == '\\') result += text[i++];
    if (!in_string) {
      for (const char* word : {"-Infinity", "Infinity", "NaN"}) {
        const size_t length = std::char_traits<char>::length(word);
        if (text.compare(i, length, word) == 0) {
          result += "null";
          i += length;
          break;
        }
      }
    }
    if (i < text.size()) result += text[i];
  }
  return result;
}

// "step.003.noise_cond" → "step.noise_cond"
std::string WithoutNumbers(const std::string& stage) {
  std::vector<std::string> parts = absl::StrSplit(stage, '.');
  parts.erase(std::remove_if(parts.begin(), parts.end(),
                             [](const std::string& part) {
                               return !part.empty() && std::all_of(part.begin(), part.end(), absl::ascii_isdigit);
                             }),
              parts.end());
  return absl::StrJoin(parts, ".");
}

}  // namespace

absl::StatusOr<GoldenCase> GoldenCase::Load(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/case.json");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return absl::NotFoundError(absl::StrCat(path, " is missing or cannot be read"));
  std::ostringstream text;
  text << stream.rdbuf();
  nlohmann::json json = nlohmann::json::parse(WithoutBareWords(text.str()), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("kind") || !json["kind"].is_string()) {
    return absl::DataLossError(absl::StrCat(path, ": not a case description with a 'kind'"));
  }
  WAN_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::Open(absl::StrCat(folder, "/tensors.safetensors")));
  GoldenCase result(std::move(file));
  result.folder_ = folder;
  result.kind_ = json["kind"].get<std::string>();
  result.name_ = json.value("case", fs::path(folder).lexically_normal().filename().string());
  result.json_ = std::move(json);
  return result;
}

std::string GoldenCase::ModelFolder() const {
  const fs::path inside = fs::path(folder_) / "model";
  if (fs::exists(inside)) return inside.string();
  const fs::path named = fs::path(folder_) / ".." / ".." / "models" / json_.value("model", std::string());
  if (fs::is_regular_file(named)) {
    // A link that a checkout without links has turned into a file with its target.
    std::ifstream stream(named);
    std::string target;
    std::getline(stream, target);
    return (named.parent_path() / target).lexically_normal().string();
  }
  return named.lexically_normal().string();
}

std::vector<std::string> GoldenCase::TensorNames() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : file_.tensors()) names.push_back(name);
  return names;
}

at::Tensor GoldenCase::Tensor(const std::string& tensor) const {
  const auto found = file_.tensors().find(tensor);
  if (found == file_.tensors().end()) throw std::runtime_error(file_.path() + " has no tensor '" + tensor + "'");
  const at::ScalarType type = ScalarTypeOf(found->second.dtype);
  if (type == at::ScalarType::Undefined) {
    throw std::runtime_error("golden tensors of dtype " + found->second.dtype_name + " are not supported");
  }
  at::Tensor values = at::empty(found->second.shape, at::TensorOptions(type));
  const absl::Status status = file_.Read(tensor, 0, static_cast<int64_t>(values.nbytes()), values.mutable_data_ptr());
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
  return values;
}

absl::StatusOr<Tolerance> GoldenCase::ToleranceOf(const std::string& stage) const {
  const nlohmann::json& table = json_.value("tolerance", nlohmann::json::object());
  std::vector<std::string> candidates = {stage, WithoutNumbers(stage)};
  for (std::string prefix = WithoutNumbers(stage); prefix.find('.') != std::string::npos;) {
    prefix.resize(prefix.rfind('.'));
    candidates.push_back(absl::StrCat(prefix, ".*"));
  }
  for (const std::string& candidate : candidates) {
    const auto row = table.find(candidate);
    if (row == table.end()) continue;
    Tolerance tolerance;
    if (row->contains("atol")) {
      tolerance.max = (*row)["atol"].get<double>();
    } else {
      tolerance.max = row->value("atol_max", 0.0);
    }
    if (row->contains("atol_mean")) tolerance.mean = (*row)["atol_mean"].get<double>();
    return tolerance;
  }
  return absl::FailedPreconditionError(absl::StrCat(name_, ": case.json states no tolerance for '", stage, "'"));
}

}  // namespace wan

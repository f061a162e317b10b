#include "worker/checkpoint/checkpoint_index.h"

#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/error.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "worker/checkpoint/json_file.h"

namespace wan {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStems[] = {"diffusion_pytorch_model", "model"};

bool IsLoadable(FileDtype dtype) {
  return dtype == FileDtype::kF64 || dtype == FileDtype::kF32 || dtype == FileDtype::kF16 || dtype == FileDtype::kBF16;
}

std::string ShapeText(const std::vector<int64_t>& shape) { return absl::StrCat("[", absl::StrJoin(shape, ", "), "]"); }

// The weight map of an index file: tensor name → file name in the same folder.
absl::StatusOr<std::map<std::string, std::string>> ReadWeightMap(const std::string& path) {
  WAN_ASSIGN_OR_RETURN(const nlohmann::json json, ReadJsonFile(path));
  const auto map = json.find("weight_map");
  if (map == json.end() || !map->is_object())
    return absl::DataLossError(absl::StrCat(path, ": no object 'weight_map'"));
  std::map<std::string, std::string> result;
  for (const auto& [name, file] : map->items()) {
    if (!file.is_string()) return absl::DataLossError(absl::StrCat(path, ": weight_map.", name, " is not a string"));
    const std::string text = file.get<std::string>();
    if (text.empty() || absl::StrContains(text, "/") || text == "..") {
      return absl::DataLossError(
          absl::StrCat(path, ": weight_map.", name, " is '", text, "', not a file of this folder"));
    }
    result[name] = text;
  }
  return result;
}

}  // namespace

absl::StatusOr<CheckpointIndex> CheckpointIndex::Open(const std::string& folder) {
  CheckpointIndex index;
  index.folder_ = folder;
  for (const char* stem : kStems) {
    const std::string single = absl::StrCat(folder, "/", stem, ".safetensors");
    const std::string map_path = single + ".index.json";
    if (fs::exists(map_path)) {
      WAN_ASSIGN_OR_RETURN(const auto weight_map, ReadWeightMap(map_path));
      std::map<std::string, size_t> opened;
      for (const auto& [name, file] : weight_map) {
        auto [position, is_new] = opened.try_emplace(file, index.files_.size());
        if (is_new) {
          auto shard = SafetensorsFile::Open(absl::StrCat(folder, "/", file));
          if (!shard.ok()) return Annotate(shard.status(), absl::StrCat(map_path, " names a shard"));
          index.files_.push_back(*std::move(shard));
        }
        if (index.files_[position->second].tensors().count(name) == 0) {
          return absl::DataLossError(absl::StrCat(map_path, ": tensor '", name, "' is not in ", file));
        }
        index.where_[name] = position->second;
      }
      for (const SafetensorsFile& file : index.files_) {
        for (const auto& [name, tensor] : file.tensors()) {
          if (index.where_.count(name) == 0) {
            return absl::DataLossError(absl::StrCat(file.path(), ": tensor '", name, "' is not in the index"));
          }
        }
      }
      return index;
    }
    if (fs::exists(single)) {
      WAN_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::Open(single));
      for (const auto& [name, tensor] : file.tensors()) index.where_[name] = 0;
      index.files_.push_back(std::move(file));
      return index;
    }
  }
  return absl::FailedPreconditionError(absl::StrCat(folder, ": no ", absl::StrJoin(kStems, ".safetensors, no "),
                                                    ".safetensors, and no index of shards"));
}

const StoredTensor& CheckpointIndex::Find(const std::string& name) const {
  const auto it = where_.find(name);
  WAN_CHECK(it != where_.end());
  return files_[it->second].tensors().at(name);
}

absl::Status CheckpointIndex::Read(const std::string& name, int64_t offset, int64_t size, void* destination) const {
  const auto it = where_.find(name);
  WAN_CHECK(it != where_.end());
  return files_[it->second].Read(name, offset, size, destination);
}

absl::Status CheckpointIndex::Check(const std::vector<ExpectedTensor>& expected,
                                    const std::function<bool(const std::string&)>& ignored) const {
  std::vector<std::string> missing, unexpected, wrong;
  std::set<std::string> known;
  for (const ExpectedTensor& tensor : expected) {
    known.insert(tensor.name);
    if (!Has(tensor.name)) {
      missing.push_back(tensor.name);
      continue;
    }
    const StoredTensor& stored = Find(tensor.name);
    if (stored.shape != tensor.shape) {
      wrong.push_back(
          absl::StrCat(tensor.name, " is ", ShapeText(stored.shape), ", config.json says ", ShapeText(tensor.shape)));
    } else if (!IsLoadable(stored.dtype)) {
      wrong.push_back(absl::StrCat(tensor.name, " is ", stored.dtype_name, ", allowed are F32, F16, BF16, F64"));
    }
  }
  for (const auto& [name, file] : where_) {
    if (known.count(name) == 0 && !ignored(name)) unexpected.push_back(name);
  }
  std::vector<std::string> parts;
  const auto add = [&](absl::string_view kind, const std::vector<std::string>& names) {
    if (!names.empty()) parts.push_back(absl::StrCat(names.size(), " ", kind, ": ", absl::StrJoin(names, ", ")));
  };
  add("missing", missing);
  add("unexpected", unexpected);
  add("wrong", wrong);
  if (parts.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(folder_, ": tensors ", absl::StrJoin(parts, "; ")));
}

}  // namespace wan

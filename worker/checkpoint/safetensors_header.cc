#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/checkpoint/safetensors_file.h"

namespace wan {
namespace {

using Json = nlohmann::json;

struct DtypeRow {
  const char* name;
  FileDtype dtype;
  int64_t bytes;
};

// Types we can name but not load (fp8, unsigned wide) still have a known size, so that their ranges are checked.
constexpr std::array<DtypeRow, 16> kDtypes = {{{"F64", FileDtype::kF64, 8},
                                               {"F32", FileDtype::kF32, 4},
                                               {"F16", FileDtype::kF16, 2},
                                               {"BF16", FileDtype::kBF16, 2},
                                               {"I64", FileDtype::kI64, 8},
                                               {"I32", FileDtype::kI32, 4},
                                               {"I16", FileDtype::kI16, 2},
                                               {"I8", FileDtype::kI8, 1},
                                               {"U8", FileDtype::kU8, 1},
                                               {"BOOL", FileDtype::kBool, 1},
                                               {"U64", FileDtype::kOther, 8},
                                               {"U32", FileDtype::kOther, 4},
                                               {"U16", FileDtype::kOther, 2},
                                               {"F8_E4M3", FileDtype::kOther, 1},
                                               {"F8_E5M2", FileDtype::kOther, 1},
                                               {"F8_E8M0", FileDtype::kOther, 1}}};

absl::Status Corrupt(absl::string_view tensor, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("tensor '", tensor, "': ", what));
}

// The parsed header with duplicate names found, which a plain parse would silently merge.
absl::StatusOr<Json> ParseObject(absl::string_view text) {
  std::set<std::string> names;
  std::string duplicate;
  const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1) {
      if (!names.insert(parsed.get<std::string>()).second && duplicate.empty()) duplicate = parsed.get<std::string>();
    }
    return true;
  };
  Json header = Json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
  if (header.is_discarded()) return absl::DataLossError("the header is not JSON");
  if (!header.is_object()) return absl::DataLossError("the header is not a JSON object");
  if (!duplicate.empty()) return Corrupt(duplicate, "the name occurs twice in the header");
  return header;
}

absl::StatusOr<int64_t> NonNegative(const Json& value, absl::string_view tensor, absl::string_view what) {
  if (!value.is_number_integer() || (!value.is_number_unsigned() && value.get<int64_t>() < 0) ||
      (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))) {
    return Corrupt(tensor, absl::StrCat(what, " is ", value.dump().substr(0, 40), ", not a whole number from 0"));
  }
  return value.get<int64_t>();
}

absl::StatusOr<StoredTensor> ParseEntry(const std::string& name, const Json& entry, int64_t data_start,
                                        int64_t data_bytes) {
  if (!entry.is_object()) return Corrupt(name, "its header entry is not an object");
  for (const char* key : {"dtype", "shape", "data_offsets"}) {
    if (!entry.contains(key)) return Corrupt(name, absl::StrCat("its header entry has no '", key, "'"));
  }
  StoredTensor tensor;
  if (!entry["dtype"].is_string()) return Corrupt(name, "dtype is not a string");
  tensor.dtype_name = entry["dtype"].get<std::string>();
  const auto* row = std::find_if(kDtypes.begin(), kDtypes.end(),
                                 [&](const DtypeRow& candidate) { return tensor.dtype_name == candidate.name; });
  if (row == kDtypes.end())
    return Corrupt(name, absl::StrCat("dtype '", tensor.dtype_name.substr(0, 40), "' is not known"));
  tensor.dtype = row->dtype;
  tensor.item_bytes = row->bytes;

  if (!entry["shape"].is_array()) return Corrupt(name, "shape is not an array");
  int64_t expected_bytes = tensor.item_bytes;
  for (const Json& value : entry["shape"]) {
    WAN_ASSIGN_OR_RETURN(const int64_t dim, NonNegative(value, name, "a dimension of its shape"));
    tensor.shape.push_back(dim);
    if (__builtin_mul_overflow(expected_bytes, dim, &expected_bytes)) {
      return Corrupt(name, absl::StrCat("shape ", entry["shape"].dump().substr(0, 80), " overflows"));
    }
  }

  const Json& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2) return Corrupt(name, "data_offsets is not a pair");
  WAN_ASSIGN_OR_RETURN(const int64_t begin, NonNegative(offsets[0], name, "the begin of its bytes"));
  WAN_ASSIGN_OR_RETURN(const int64_t end, NonNegative(offsets[1], name, "the end of its bytes"));
  if (begin > end) return Corrupt(name, absl::StrCat("its bytes begin at ", begin, ", after their end at ", end));
  if (end > data_bytes) {
    return Corrupt(name, absl::StrCat("its bytes end at ", end, " of ", data_bytes, ": the file has ",
                                      data_start + data_bytes, " bytes, the header needs at least ", data_start + end));
  }
  if (end - begin != expected_bytes) {
    return Corrupt(name, absl::StrCat("bytes ", begin, " to ", end, " are ", end - begin, ", but ", tensor.dtype_name,
                                      " ", entry["shape"].dump().substr(0, 80), " takes ", expected_bytes));
  }
  tensor.begin = data_start + begin;
  tensor.end = data_start + end;
  return tensor;
}

// The tensors, in order of their bytes, must cover the data exactly.
absl::Status CheckCoverage(const std::map<std::string, StoredTensor>& tensors, int64_t data_start, int64_t data_bytes) {
  std::vector<std::pair<const StoredTensor*, const std::string*>> ordered;
  for (const auto& [name, tensor] : tensors) ordered.emplace_back(&tensor, &name);
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first->begin, a.first->end) < std::pair(b.first->begin, b.first->end);
  });
  int64_t covered = data_start;
  for (const auto& [tensor, name] : ordered) {
    if (tensor->begin < covered) {
      return Corrupt(*name, absl::StrCat("its bytes from ", tensor->begin - data_start, " overlap those before ",
                                         covered - data_start));
    }
    if (tensor->begin > covered) {
      return Corrupt(*name, absl::StrCat("bytes ", covered - data_start, " to ", tensor->begin - data_start,
                                         " before it belong to no tensor"));
    }
    covered = tensor->end;
  }
  if (covered != data_start + data_bytes) {
    return absl::DataLossError(
        absl::StrCat("the header describes ", covered, " bytes, the file has ", data_start + data_bytes));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::map<std::string, StoredTensor>> ParseSafetensorsHeader(absl::string_view json, int64_t data_start,
                                                                           int64_t data_bytes) {
  WAN_ASSIGN_OR_RETURN(const Json header, ParseObject(json));
  std::map<std::string, StoredTensor> tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    WAN_ASSIGN_OR_RETURN(tensors[name], ParseEntry(name, entry, data_start, data_bytes));
  }
  WAN_RETURN_IF_ERROR(CheckCoverage(tensors, data_start, data_bytes));
  return tensors;
}

}  // namespace wan

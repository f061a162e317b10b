#include "worker/text/precompiled_charsmap.h"

#include <utf8proc.h>

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/utf8.h"
#include "worker/text/unicode.h"

namespace wan {
namespace {

// A unit is a node (label in the low byte, offset to its children) or, with the top bit set, a value.
bool IsValue(uint32_t unit) { return unit >> 31 != 0; }
bool HasValue(uint32_t unit) { return (unit >> 8 & 1) != 0; }
uint32_t Value(uint32_t unit) { return unit & 0x7FFFFFFF; }
size_t Offset(uint32_t unit) { return static_cast<size_t>(unit >> 10) << ((unit & 0x200) >> 6); }

uint32_t ReadU32(absl::string_view bytes, size_t position) {
  uint32_t result = 0;
  for (size_t i = 0; i < 4; ++i) result |= uint32_t{static_cast<unsigned char>(bytes[position + i])} << (8 * i);
  return result;
}

// Bytes of the first grapheme cluster of `utf8`.
size_t ClusterLength(absl::string_view utf8) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  utf8proc_int32_t previous, next, state = 0;
  size_t end = static_cast<size_t>(utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(utf8.size()), &previous));
  while (end < utf8.size()) {
    const auto used = utf8proc_iterate(bytes + end, static_cast<utf8proc_ssize_t>(utf8.size() - end), &next);
    if (utf8proc_grapheme_break_stateful(previous, next, &state)) break;
    previous = next;
    end += static_cast<size_t>(used);
  }
  return end;
}

}  // namespace

absl::StatusOr<PrecompiledCharsmap> PrecompiledCharsmap::Parse(absl::string_view bytes) {
  if (bytes.size() < 4) return absl::DataLossError(absl::StrCat(bytes.size(), " bytes are too few"));
  const uint32_t trie_bytes = ReadU32(bytes, 0);
  if (trie_bytes == 0 || trie_bytes % 4 != 0 || trie_bytes > bytes.size() - 4) {
    return absl::DataLossError(
        absl::StrCat("its trie is said to have ", trie_bytes, " bytes, of ", bytes.size() - 4, " that follow"));
  }
  std::vector<uint32_t> units(trie_bytes / 4);
  for (size_t i = 0; i < units.size(); ++i) units[i] = ReadU32(bytes, 4 + 4 * i);
  std::string replacements(bytes.substr(4 + trie_bytes));
  if (!IsValidUtf8(replacements)) return absl::DataLossError("its replacements are not UTF-8");

  for (size_t i = 0; i < units.size(); ++i) {
    if (IsValue(units[i]) || !HasValue(units[i])) continue;
    const size_t leaf = i ^ Offset(units[i]);
    const bool is_inside = leaf < units.size() && Value(units[leaf]) < replacements.size();
    // A replacement begins with a whole character: not with a continuation byte.
    if (!is_inside || (static_cast<unsigned char>(replacements[Value(units[leaf])]) & 0xC0) == 0x80) {
      return absl::DataLossError(absl::StrCat("unit ", i, " of its trie has no replacement"));
    }
  }
  return PrecompiledCharsmap(std::move(units), std::move(replacements));
}

std::optional<absl::string_view> PrecompiledCharsmap::Lookup(absl::string_view key) const {
  size_t position = Offset(units_[0]);
  for (const char c : key) {
    const auto label = static_cast<unsigned char>(c);
    if (label == 0) break;
    position ^= label;
    if (position >= units_.size()) break;
    const uint32_t unit = units_[position];
    if (IsValue(unit) || (unit & 0xFF) != label) break;
    position ^= Offset(unit);
    if (HasValue(unit)) {
      const absl::string_view rest = absl::string_view(replacements_).substr(Value(units_[position]));
      return rest.substr(0, rest.find('\0'));
    }
  }
  return std::nullopt;
}

std::string PrecompiledCharsmap::Normalize(absl::string_view utf8) const {
  constexpr size_t kLongestWholeCluster = 5;
  std::string result;
  result.reserve(utf8.size());
  for (size_t begin = 0; begin < utf8.size();) {
    const absl::string_view cluster = utf8.substr(begin, ClusterLength(utf8.substr(begin)));
    begin += cluster.size();
    if (cluster.size() <= kLongestWholeCluster) {
      if (const auto replacement = Lookup(cluster)) {
        absl::StrAppend(&result, *replacement);
        continue;
      }
    }
    for (size_t i = 0; i < cluster.size();) {
      const absl::string_view character = cluster.substr(i, Utf8SequenceLength(cluster[i]));
      absl::StrAppend(&result, Lookup(character).value_or(character));
      i += character.size();
    }
  }
  return result;
}

}  // namespace wan

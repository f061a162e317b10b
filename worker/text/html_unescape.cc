#include "worker/text/html_unescape.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/string_view.h"
#include "worker/text/unicode.h"

namespace wan {
namespace {

struct Entity {
  absl::string_view name;   // without '&'; with ';' unless the name also stands without
  absl::string_view value;  // UTF-8
};

#include "worker/text/html_entities.inc"  // kHtml5Entities, kUpperCaseEntities: sorted by name

template <size_t kSize>
const Entity* Find(const Entity (&table)[kSize], absl::string_view name) {
  const Entity* found = std::lower_bound(std::begin(table), std::end(table), name,
                                         [](const Entity& entity, absl::string_view key) { return entity.name < key; });
  return found != std::end(table) && found->name == name ? found : nullptr;
}

bool IsDigit(char32_t c) { return c >= '0' && c <= '9'; }
bool IsLetter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<uint32_t> HexValue(char32_t c) {
  if (IsDigit(c)) return c - U'0';
  if (c >= 'a' && c <= 'f') return c - U'a' + 10;
  if (c >= 'A' && c <= 'F') return c - U'A' + 10;
  return std::nullopt;
}

// What the number of a reference stands for.
std::u32string CharacterOf(uint32_t number) {
  if (number == 0 || (number >= 0xD800 && number <= 0xDFFF) || number > 0x10FFFF) return U"\uFFFD";
  if (number >= 0x80 && number <= 0x9F) return {Windows1252(number)};
  const bool is_control = number < 0x20 && !(number == '\t' || number == '\n' || number == '\f' || number == '\r');
  const bool is_noncharacter = (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;
  if (is_control || number == 0x7F || is_noncharacter) return {};
  return {static_cast<char32_t>(number)};
}

struct NumericReference {
  size_t end;  // index after the digits
  uint32_t number;
};

// text[begin] is what follows "&#".
std::optional<NumericReference> ParseNumber(std::u32string_view text, size_t begin) {
  const uint32_t base = begin < text.size() && (text[begin] == 'x' || text[begin] == 'X') ? 16 : 10;
  size_t i = base == 16 ? begin + 1 : begin;
  const size_t first_digit = i;
  uint64_t number = 0;
  for (; i < text.size(); ++i) {
    const std::optional<uint32_t> digit = HexValue(text[i]);
    if (!digit || *digit >= base) break;
    number = std::min<uint64_t>(number * base + *digit, 0x110000);  // saturates: all above are alike
  }
  if (i == first_digit) return std::nullopt;
  return NumericReference{i, static_cast<uint32_t>(number)};
}

bool EndsName(char32_t c) {
  return c == '\t' || c == '\n' || c == '\f' || c == ' ' || c == '<' || c == '&' || c == '#' || c == ';';
}

// The named reference whose word begins at text[begin]; appends what it stands for and returns the index after it, or
// `begin` when there is none.
size_t AppendNamed(std::u32string_view text, size_t begin, std::u32string* result) {
  constexpr size_t kLongestWord = 32;
  size_t end = begin;
  std::string name;  // the word's ASCII beginning: no entity has other characters
  bool is_ascii = true;
  while (end < text.size() && end - begin < kLongestWord && !EndsName(text[end])) {
    is_ascii = is_ascii && text[end] < 0x80;
    if (is_ascii) name.push_back(static_cast<char>(text[end]));
    ++end;
  }
  if (end == begin) return begin;
  if (end < text.size() && text[end] == ';') {
    if (is_ascii) name.push_back(';');
    ++end;
  }
  for (size_t length = name.size(); length > 1; --length) {  // no name has one character
    if (const Entity* entity = Find(kHtml5Entities, absl::string_view(name).substr(0, length))) {
      result->append(DecodeUtf8(entity->value));
      return begin + length;
    }
  }
  return begin;
}

}  // namespace

std::u32string UnescapeHtml(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '&') {
      if (i + 1 < text.size() && text[i + 1] == '#') {
        if (const auto reference = ParseNumber(text, i + 2)) {
          result.append(CharacterOf(reference->number));
          i = reference->end;
          if (i < text.size() && text[i] == ';') ++i;
          continue;
        }
      } else if (const size_t end = AppendNamed(text, i + 1, &result); end != i + 1) {
        i = end;
        continue;
      }
    }
    result.push_back(text[i++]);
  }
  return result;
}

namespace {

// The reference at text[begin] == '&' as ftfy reads it: its replacement, and the index after it. Nothing when it is to
// stay as it is.
std::optional<std::pair<std::u32string, size_t>> TerminatedReference(std::u32string_view text, size_t begin) {
  constexpr size_t kLongestWord = 24;
  const bool is_number = begin + 1 < text.size() && text[begin + 1] == '#';
  const size_t first = begin + (is_number ? 2 : 1);
  size_t end = first;
  while (end < text.size() && (IsDigit(text[end]) || IsLetter(text[end]))) ++end;
  if (end == first || end - first > kLongestWord || end == text.size() || text[end] != ';') return std::nullopt;
  ++end;
  if (is_number) {
    const auto reference = ParseNumber(text, first);
    if (!reference || reference->end + 1 != end || reference->number == ';') return std::nullopt;
    return std::make_pair(CharacterOf(reference->number), end);
  }
  const std::string name(text.begin() + static_cast<ptrdiff_t>(first), text.begin() + static_cast<ptrdiff_t>(end));
  const Entity* entity = Find(kHtml5Entities, name);
  if (entity == nullptr) entity = Find(kUpperCaseEntities, name);
  if (entity == nullptr) return std::nullopt;
  return std::make_pair(DecodeUtf8(entity->value), end);
}

}  // namespace

std::u32string UnescapeHtmlInText(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '&') {
      if (const auto reference = TerminatedReference(text, i)) {
        result.append(reference->first);
        i = reference->second;
        continue;
      }
    }
    result.push_back(text[i++]);
  }
  return result;
}

}  // namespace wan

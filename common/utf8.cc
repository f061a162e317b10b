#include "common/utf8.h"

#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace wan {
namespace {

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// Length of the well-formed character at `offset`; 0 where there is none. Unicode 15, table 3-7.
size_t CharacterLength(absl::string_view text, size_t offset) {
  const auto byte = [&](size_t i) -> unsigned char { return offset + i < text.size() ? text[offset + i] : 0; };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return IsContinuation(byte(1)) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && IsContinuation(byte(2)) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && IsContinuation(byte(2)) && IsContinuation(byte(3)) ? 4 : 0;
  }
  return 0;
}

constexpr size_t kMaxQuotedBytes = 40;

}  // namespace

std::optional<size_t> FirstInvalidUtf8Byte(absl::string_view text) {
  for (size_t offset = 0; offset < text.size();) {
    const size_t length = CharacterLength(text, offset);
    if (length == 0) return offset;
    offset += length;
  }
  return std::nullopt;
}

bool IsValidUtf8(absl::string_view text) { return !FirstInvalidUtf8Byte(text).has_value(); }

absl::string_view Utf8Prefix(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  // At most three continuation bytes belong to one character; more of them are not UTF-8 and may be cut anywhere.
  for (int i = 0; i < 3 && end > 0 && IsContinuation(text[end]); ++i) --end;
  return text.substr(0, end);
}

std::string ToValidUtf8(absl::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) {
    const size_t length = CharacterLength(text, offset);
    if (length == 0) {
      valid.append("\xEF\xBF\xBD");
      ++offset;
    } else {
      valid.append(text.data() + offset, length);
      offset += length;
    }
  }
  return valid;
}

std::string QuoteBriefly(absl::string_view text) {
  const absl::string_view head = Utf8Prefix(text, kMaxQuotedBytes);
  const std::string escaped = IsValidUtf8(head) ? absl::Utf8SafeCEscape(head) : absl::CHexEscape(head);
  return absl::StrCat("\"", escaped, head.size() < text.size() ? "…" : "", "\"");
}

}  // namespace wan

// UTF-8 as it comes from outside: checked, cut at a character's border, made fit for messages.
#ifndef WAN_COMMON_UTF8_H_
#define WAN_COMMON_UTF8_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace wan {

// Offset of the first byte that is not part of well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
std::optional<size_t> FirstInvalidUtf8Byte(absl::string_view text);

bool IsValidUtf8(absl::string_view text);

// The longest prefix of at most `max_bytes` that does not end inside a character.
absl::string_view Utf8Prefix(absl::string_view text, size_t max_bytes);

// Each byte that is not part of well-formed UTF-8 becomes U+FFFD.
std::string ToValidUtf8(absl::string_view text);

// For names in error messages: in quotes, control characters and invalid bytes escaped, cut to 40 bytes with "…".
std::string QuoteBriefly(absl::string_view text);

}  // namespace wan

#endif  // WAN_COMMON_UTF8_H_

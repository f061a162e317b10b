// Code points and the facts about them that prompt cleaning and the tokenizer need. With unicode.cc and
// precompiled_charsmap.cc the only files that see utf8proc, whose Unicode version (14 in Debian 12) is that of the
// facts here: characters assigned later have no category, case or decomposition.
#ifndef WAN_WORKER_TEXT_UNICODE_H_
#define WAN_WORKER_TEXT_UNICODE_H_

#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

namespace wan {

// Every byte that belongs to no well-formed sequence becomes U+FFFD.
std::u32string DecodeUtf8(absl::string_view utf8);

// Precondition: no surrogates, nothing above U+10FFFF.
std::string EncodeUtf8(std::u32string_view text);
void AppendUtf8(char32_t code_point, std::string* utf8);

// Bytes of the sequence that begins with `lead`. Precondition: well-formed UTF-8.
size_t Utf8SequenceLength(char lead);

// What str.isspace and \s mean in Python: White_Space and the separators U+001C to U+001F.
bool IsPythonSpace(char32_t code_point);

// The property White_Space.
bool IsWhiteSpace(char32_t code_point);

// Category Nd.
bool IsDecimalDigit(char32_t code_point);

// \w of Unicode regular expressions (UTS 18): Alphabetic, marks, decimal digits, connectors, joiners.
bool IsWordCharacter(char32_t code_point);

// The simple lower-case mapping, one code point.
char32_t LowerCase(char32_t code_point);

// What byte `c1` stands for in Windows-1252, c1 in [0x80, 0x9F]; itself where that code page has nothing.
char32_t Windows1252(char32_t c1);

enum class NormalForm { kNfc, kNfd, kNfkc, kNfkd };
std::string Normalize(absl::string_view utf8, NormalForm form);  // precondition: well-formed UTF-8

}  // namespace wan

#endif  // WAN_WORKER_TEXT_UNICODE_H_

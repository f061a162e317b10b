#include "worker/text/wrong_encoding.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "worker/text/unicode.h"

namespace wan {
namespace {

// The byte above ASCII that Windows-1252 reads as `point`; 0 where there is none.
uint8_t ByteOf(char32_t point) {
  for (char32_t byte = 0x80; byte <= 0x9f; ++byte) {
    if (Windows1252(byte) == point) return static_cast<uint8_t>(byte);
  }
  return point >= 0xa0 && point <= 0xff ? static_cast<uint8_t>(point) : 0;
}

// Bytes that follow this first one of a UTF-8 sequence; 0 where it begins none.
size_t Following(uint8_t lead) {
  if (lead >= 0xc2 && lead < 0xe0) return 1;
  if (lead >= 0xe0 && lead < 0xf0) return 2;
  if (lead >= 0xf0 && lead <= 0xf4) return 3;
  return 0;
}

}  // namespace

bool HasWrongEncoding(absl::string_view utf8) {
  std::vector<uint8_t> bytes;
  for (const char32_t point : DecodeUtf8(utf8)) bytes.push_back(ByteOf(point));
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t following = Following(bytes[i]);
    if (following == 0 || i + following >= bytes.size()) continue;
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    if (std::all_of(begin, begin + static_cast<std::ptrdiff_t>(following),
                    [](uint8_t byte) { return byte >= 0x80 && byte < 0xc0; })) {
      return true;
    }
  }
  return false;
}

}  // namespace wan

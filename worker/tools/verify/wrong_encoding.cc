#include "worker/tools/verify/wrong_encoding.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace wan {
namespace {

// Code points of the bytes 0x80 to 0x9f in Windows-1252; 0 where it leaves one open.
constexpr std::array<int32_t, 32> kWindows1252 = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                                  0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                                  0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                                  0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

// The byte that would have been read as `point`; 0 where there is none above ASCII.
uint8_t ByteOf(int32_t point) {
  if (point >= 0x80 && point <= 0xff) return static_cast<uint8_t>(point);
  const auto* found = std::find(kWindows1252.begin(), kWindows1252.end(), point);
  return point == 0 || found == kWindows1252.end() ? 0 : static_cast<uint8_t>(0x80 + (found - kWindows1252.begin()));
}

}  // namespace

bool HasWrongEncoding(absl::string_view utf8) {
  std::vector<uint8_t> bytes;
  for (size_t at = 0; at < utf8.size();) {
    int32_t point = 0;
    const auto size = utf8proc_iterate(reinterpret_cast<const uint8_t*>(utf8.data()) + at,
                                       static_cast<utf8proc_ssize_t>(utf8.size() - at), &point);
    if (size <= 0) return false;
    bytes.push_back(ByteOf(point));
    at += static_cast<size_t>(size);
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t following = bytes[i] >= 0xf0 && bytes[i] <= 0xf4  ? 3
                             : bytes[i] >= 0xe0 && bytes[i] < 0xf0 ? 2
                             : bytes[i] >= 0xc2 && bytes[i] < 0xe0 ? 1
                                                                   : 0;
    if (following == 0 || i + following + 1 > bytes.size()) continue;
    if (std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                    bytes.begin() + static_cast<std::ptrdiff_t>(i + following) + 1,
                    [](uint8_t byte) { return byte >= 0x80 && byte < 0xc0; })) {
      return true;
    }
  }
  return false;
}

}  // namespace wan

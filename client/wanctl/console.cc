#include "client/wanctl/console.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

namespace wan {

std::string Paint(const std::string& text, Colour colour, bool enabled) {
  if (!enabled) return text;
  const int code = colour == Colour::kRed ? 31 : colour == Colour::kGreen ? 32 : 33;
  return absl::StrCat("\x1b[", code, "m", text, "\x1b[0m");
}

std::string Printable(const std::string& text) {
  std::string printable;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) {
      printable += ' ';
    } else if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      printable += ' ';  // U+0080 to U+009F, which some terminals obey like ESC
      ++i;
    } else {
      printable += text[i];
    }
  }
  return printable;
}

}  // namespace wan

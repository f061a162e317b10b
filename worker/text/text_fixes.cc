#include "worker/text/text_fixes.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "worker/text/unicode.h"

namespace wan {
namespace {

std::u32string_view LigatureLetters(char32_t c) {
  switch (c) {
    case U'\u0132':
      return U"IJ";
    case U'\u0133':
      return U"ij";
    case U'\u0149':
      return U"\u02BCn";
    case U'\u01C4':
      return U"D\u017D";
    case U'\u01C5':
      return U"D\u017E";
    case U'\u01C6':
      return U"d\u017E";
    case U'\u01C7':
      return U"LJ";
    case U'\u01C8':
      return U"Lj";
    case U'\u01C9':
      return U"lj";
    case U'\u01CA':
      return U"NJ";
    case U'\u01CB':
      return U"Nj";
    case U'\u01CC':
      return U"nj";
    case U'\u01F1':
      return U"DZ";
    case U'\u01F2':
      return U"Dz";
    case U'\u01F3':
      return U"dz";
    case U'\uFB00':
      return U"ff";
    case U'\uFB01':
      return U"fi";
    case U'\uFB02':
      return U"fl";
    case U'\uFB03':
      return U"ffi";
    case U'\uFB04':
      return U"ffl";
    case U'\uFB05':
      return U"\u017Ft";
    case U'\uFB06':
      return U"st";
    default:
      return {};
  }
}

bool IsDroppedControl(char32_t c) {
  return c < 0x09 || c == 0x0B || (c >= 0x0E && c < 0x20) || c == 0x7F || (c >= 0x206A && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFC);
}

bool IsAsciiLetter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

std::u32string FixC1Controls(std::u32string text) {
  for (char32_t& c : text) {
    if (c >= 0x80 && c <= 0x9F) c = Windows1252(c);
  }
  return text;
}

std::u32string FixLatinLigatures(std::u32string text) {
  std::u32string result;
  result.reserve(text.size());
  for (const char32_t c : text) {
    const std::u32string_view letters = LigatureLetters(c);
    letters.empty() ? result.push_back(c) : static_cast<void>(result.append(letters));
  }
  return result;
}

std::u32string FixCharacterWidth(std::u32string text) {
  std::u32string result;
  result.reserve(text.size());
  for (const char32_t c : text) {
    if (c >= 0xFF01 && c < 0xFFF0) {
      result.append(DecodeUtf8(Normalize(EncodeUtf8({&c, 1}), NormalForm::kNfkc)));
    } else {
      result.push_back(c == U'\u3000' ? U' ' : c);
    }
  }
  return result;
}

std::u32string UncurlQuotes(std::u32string text) {
  for (char32_t& c : text) {
    if (c >= 0x201C && c <= 0x201F) c = U'"';
    if (c == 0x02BC || (c >= 0x2018 && c <= 0x201B)) c = U'\'';
  }
  return text;
}

std::u32string FixLineBreaks(std::u32string text) {
  std::u32string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    result.push_back(c == '\r' || c == 0x2028 || c == 0x2029 || c == 0x85 ? U'\n' : c);
  }
  return result;
}

std::u32string RemoveTerminalEscapes(std::u32string text) {
  std::u32string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (text[i] == 0x1B && i + 1 < text.size() && text[i + 1] == '[') {
      size_t end = i + 2;
      while (end < text.size() && (text[end] == ';' || IsDecimalDigit(text[end]))) ++end;
      if (end < text.size() && IsAsciiLetter(text[end])) {
        i = end + 1;
        continue;
      }
    }
    result.push_back(text[i++]);
  }
  return result;
}

std::u32string RemoveControlCharacters(std::u32string text) {
  text.erase(std::remove_if(text.begin(), text.end(), IsDroppedControl), text.end());
  return text;
}

std::u32string ComposeToNfc(std::u32string text) {
  // Below U+0300 nothing combines and nothing is a singleton: the usual prompt needs no table.
  if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x300; })) return text;
  return DecodeUtf8(Normalize(EncodeUtf8(text), NormalForm::kNfc));
}

}  // namespace wan

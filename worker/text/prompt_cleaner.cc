#include "worker/text/prompt_cleaner.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "worker/text/html_unescape.h"
#include "worker/text/text_fixes.h"
#include "worker/text/unicode.h"

namespace wan {
namespace {

constexpr size_t kLongestSegment = 1'000'000;  // ftfy's max_decode_length, in code points

// One line. A fix can make work for an earlier one ("&amp;amp;"), so they run until nothing changes. That ends: each
// reference that is read is longer than what it becomes, and no step undoes another.
std::u32string FixSegment(std::u32string text, bool unescapes_html) {
  while (true) {
    std::u32string fixed = unescapes_html ? UnescapeHtmlInText(text) : text;
    fixed = FixC1Controls(std::move(fixed));
    fixed = FixLatinLigatures(std::move(fixed));
    fixed = FixCharacterWidth(std::move(fixed));
    fixed = UncurlQuotes(std::move(fixed));
    fixed = FixLineBreaks(std::move(fixed));
    fixed = RemoveTerminalEscapes(std::move(fixed));
    fixed = RemoveControlCharacters(std::move(fixed));
    fixed = ComposeToNfc(std::move(fixed));
    if (fixed == text) return text;
    text = std::move(fixed);
  }
}

// ftfy.fix_text: line by line. A '<' makes its line and all later ones HTML, whose references ftfy leaves alone.
std::u32string FixText(std::u32string_view text) {
  std::u32string result;
  bool unescapes_html = true;
  for (size_t begin = 0; begin < text.size();) {
    const size_t line_break = text.find(U'\n', begin);
    size_t end = line_break == std::u32string_view::npos ? text.size() : line_break + 1;
    end = std::min(end, begin + kLongestSegment);
    const std::u32string_view segment = text.substr(begin, end - begin);
    if (segment.find(U'<') != std::u32string_view::npos) unescapes_html = false;
    result.append(FixSegment(std::u32string(segment), unescapes_html));
    begin = end;
  }
  return result;
}

std::u32string CollapseSpace(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (const char32_t c : text) {
    if (!IsPythonSpace(c)) {
      result.push_back(c);
    } else if (!result.empty() && result.back() != U' ') {
      result.push_back(U' ');
    }
  }
  if (!result.empty() && result.back() == U' ') result.pop_back();
  return result;
}

}  // namespace

std::string CleanPrompt(absl::string_view utf8) {
  const std::u32string fixed = FixText(DecodeUtf8(utf8));
  return EncodeUtf8(CollapseSpace(UnescapeHtml(UnescapeHtml(fixed))));
}

}  // namespace wan

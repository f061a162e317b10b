// HTML character references to characters, in the two ways that prompt cleaning needs. Both are pure; text in, text
// out.
#ifndef WAN_WORKER_TEXT_HTML_UNESCAPE_H_
#define WAN_WORKER_TEXT_HTML_UNESCAPE_H_

#include <string>
#include <string_view>

namespace wan {

// html.unescape of Python: all names of HTML5, the old ones without a semicolon too, and then the longest name that
// begins the word ("&notit;" is "¬it;"); numbers as HTML5 says (C1 as Windows-1252, U+FFFD for surrogates and values
// above U+10FFFF, nothing for other controls and noncharacters).
std::u32string UnescapeHtml(std::u32string_view text);

// ftfy's unescape_html, meant for text that is not HTML: names need their semicolon, and names whose upper-case
// spelling means nothing in HTML5 are also read so ("&EACUTE;" is É). A number that gives a semicolon stays as it is.
std::u32string UnescapeHtmlInText(std::u32string_view text);

}  // namespace wan

#endif  // WAN_WORKER_TEXT_HTML_UNESCAPE_H_

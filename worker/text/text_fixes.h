// The single steps of ftfy.fix_text 6.3.1 (default settings), each a pure function on code points. Their order and
// repetition is prompt_cleaner's business. Left out: fix_surrogates (UTF-8 carries none) and the repair of wrong
// encodings (mojibake), of which only fix_c1_controls is done.
#ifndef WAN_WORKER_TEXT_TEXT_FIXES_H_
#define WAN_WORKER_TEXT_TEXT_FIXES_H_

#include <string>

namespace wan {

// U+0080 … U+009F become what these bytes mean in Windows-1252 (U+0085 is "…").
std::u32string FixC1Controls(std::u32string text);

// Latin ligatures and digraphs become their letters: "ﬁ" is "fi", "Ǆ" is "DŽ".
std::u32string FixLatinLigatures(std::u32string text);

// Full-width and half-width forms, U+3000 among them, become the ordinary characters.
std::u32string FixCharacterWidth(std::u32string text);

// Curly quotation marks, and U+02BC, become ' and ".
std::u32string UncurlQuotes(std::u32string text);

// CR LF, CR, U+2028, U+2029 and U+0085 become LF.
std::u32string FixLineBreaks(std::u32string text);

// Drops ESC [ digits and semicolons, one letter.
std::u32string RemoveTerminalEscapes(std::u32string text);

// Drops ASCII controls but TAB, LF, FF and CR; U+206A … U+206F, U+FFF9 … U+FFFC and U+FEFF.
std::u32string RemoveControlCharacters(std::u32string text);

std::u32string ComposeToNfc(std::u32string text);

}  // namespace wan

#endif  // WAN_WORKER_TEXT_TEXT_FIXES_H_

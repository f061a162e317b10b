#include "worker/text/text_fixes.h"

#include <gtest/gtest.h>

namespace wan {
namespace {

using namespace std::string_literals;

TEST(TextFixes, C1ControlsBecomeWindows1252) {
  EXPECT_EQ(FixC1Controls(U"a\u0085b\u0093c\u0081\u00A0"), U"a…b“c\u0081\u00A0");
}

TEST(TextFixes, LatinLigaturesBecomeLettersAndOthersStay) {
  EXPECT_EQ(FixLatinLigatures(U"ﬁ ﬂ ﬀ ﬃ ﬄ ﬅ ﬆ"), U"fi fl ff ffi ffl ſt st");
  EXPECT_EQ(FixLatinLigatures(U"ĲĳŉǱǲǳǄǅǆǇǈǉǊǋǌ"), U"IJijʼnDZDzdzDŽDždžLJLjljNJNjnj");
  EXPECT_EQ(FixLatinLigatures(U"æ œ ﬓ ﷲ"), U"æ œ ﬓ ﷲ");
}

TEST(TextFixes, WidthFormsBecomeOrdinary) {
  EXPECT_EQ(FixCharacterWidth(U"ＡＢＣ１２３，！（）～"), U"ABC123,!()~");
  EXPECT_EQ(FixCharacterWidth(U"ｶﾞ ﾊ ｰ"), U"カ\u3099 ハ ー");  // composing is another step
  EXPECT_EQ(FixCharacterWidth(U"\u3000￥￣ﾡ"), U" ¥ \u0304\u1100");
  EXPECT_EQ(FixCharacterWidth(U"。²"), U"。²");
}

TEST(TextFixes, QuotesAreUncurled) {
  EXPECT_EQ(UncurlQuotes(U"‘a’ ‚b‛ ʼc “d” „e‟"), U"'a' 'b' 'c \"d\" \"e\"");
  EXPECT_EQ(UncurlQuotes(U"«a» ′ ″"), U"«a» ′ ″");
}

TEST(TextFixes, LineBreaksBecomeLineFeeds) {
  EXPECT_EQ(FixLineBreaks(U"a\r\nb\rc\u2028d\u2029e\u0085f\ng\r\r\n"), U"a\nb\nc\nd\ne\nf\ng\n\n");
  EXPECT_EQ(FixLineBreaks(U"\v\f"), U"\v\f");
}

TEST(TextFixes, TerminalEscapesAreDropped) {
  EXPECT_EQ(RemoveTerminalEscapes(U"\u001B[36;44mblue\u001B[0m\u001B[K"), U"blue");
  EXPECT_EQ(RemoveTerminalEscapes(U"\u001B[\u0663m|"), U"|");  // any decimal digits
  EXPECT_EQ(RemoveTerminalEscapes(U"\u001B[?25h \u001B[ \u001B[1"), U"\u001B[?25h \u001B[ \u001B[1");
}

TEST(TextFixes, ControlCharactersAreDroppedButThoseThatShow) {
  const std::u32string dropped = U"a\0b\u0008\u000B\u000E\u001Fc\u007F\u206A\u206F\uFEFF\uFFF9\uFFFC"s;
  EXPECT_EQ(RemoveControlCharacters(dropped), U"abc");
  const std::u32string kept = U"\t\n\f\r\u0085\u200B\u200D\u2028\u202E\uFFFD\U000E0067";
  EXPECT_EQ(RemoveControlCharacters(kept), kept);
}

TEST(TextFixes, ComposesMarksJamoAndSingletons) {
  EXPECT_EQ(ComposeToNfc(U"Mo\u0323\u0302t"), U"Một");
  EXPECT_EQ(ComposeToNfc(U"\u1100\u1169\u11BC"), U"공");
  EXPECT_EQ(ComposeToNfc(U"\u212B \u2126"), U"Å Ω");
  EXPECT_EQ(ComposeToNfc(U"½ ²"), U"½ ²");
}

}  // namespace
}  // namespace wan

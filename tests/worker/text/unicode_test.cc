#include "worker/text/unicode.h"

#include <gtest/gtest.h>

namespace wan {
namespace {

TEST(Unicode, IllFormedBytesBecomeReplacementCharactersOneByOne) {
  EXPECT_EQ(DecodeUtf8("a\xC3\xA9\xF0\x9F\x98\x80"), U"aé😀");
  EXPECT_EQ(DecodeUtf8("a\xC3(\xED\xA0\x80"), U"a\uFFFD(\uFFFD\uFFFD\uFFFD");  // cut sequence; a surrogate
  EXPECT_EQ(DecodeUtf8(absl::string_view("a\0b", 3)), std::u32string_view(U"a\0b", 3));
}

TEST(Unicode, EncodingUndoesDecoding) {
  const std::string text = "a é ▁ 😀 \xF4\x8F\xBF\xBF \xEF\xBF\xBE";  // U+10FFFF, U+FFFE
  EXPECT_EQ(EncodeUtf8(DecodeUtf8(text)), text);
}

TEST(Unicode, PythonSpaceIsWhiteSpaceAndTheFourSeparators) {
  for (const char32_t c :
       U"\u0009\u000A\u000B\u000C\u000D\u0020\u0085\u00A0\u1680\u2000\u200A\u2028\u2029\u202F"
       U"\u205F\u3000") {
    if (c == 0) break;
    EXPECT_TRUE(IsPythonSpace(c)) << static_cast<uint32_t>(c);
    EXPECT_TRUE(IsWhiteSpace(c)) << static_cast<uint32_t>(c);
  }
  EXPECT_TRUE(IsPythonSpace(0x1C));
  EXPECT_FALSE(IsWhiteSpace(0x1C));
  for (const char32_t c : {U'\u200B', U'\u180E', U'\uFEFF', U'\u200D', U'\u001B'}) EXPECT_FALSE(IsPythonSpace(c));
}

TEST(Unicode, WordCharactersAreLettersMarksDigitsAndConnectors) {
  for (const char32_t c : {U'a', U'é', U'猫', U'7', U'_', U'\u0301', U'\u200D', U'Ⓐ', U'Ⅻ'}) {
    EXPECT_TRUE(IsWordCharacter(c)) << static_cast<uint32_t>(c);
  }
  for (const char32_t c : {U' ', U'-', U'.', U'①', U'😀', U'\u3000'}) {
    EXPECT_FALSE(IsWordCharacter(c)) << static_cast<uint32_t>(c);
  }
}

TEST(Unicode, NormalFormsComposeAndDecompose) {
  EXPECT_EQ(Normalize("e\u0301", NormalForm::kNfc), "é");
  EXPECT_EQ(Normalize("é", NormalForm::kNfd), "e\u0301");
  EXPECT_EQ(Normalize("ﬁ²", NormalForm::kNfkc), "fi2");
  EXPECT_EQ(Normalize("ﬁé", NormalForm::kNfkd), "fie\u0301");
  EXPECT_EQ(Normalize("a\u0323\u0301", NormalForm::kNfc), Normalize("a\u0301\u0323", NormalForm::kNfc));
  EXPECT_EQ(Normalize("\u1112\u1161\u11AB", NormalForm::kNfc), "한");
}

TEST(Unicode, Windows1252KeepsItsFiveHoles) {
  EXPECT_EQ(Windows1252(0x80), U'€');
  EXPECT_EQ(Windows1252(0x85), U'…');
  EXPECT_EQ(Windows1252(0x9F), U'Ÿ');
  for (const char32_t hole : {0x81, 0x8D, 0x8F, 0x90, 0x9D}) EXPECT_EQ(Windows1252(hole), hole);
}

}  // namespace
}  // namespace wan

#include "common/utf8.h"

#include <gtest/gtest.h>

namespace wan {
namespace {

TEST(Utf8, AcceptsTheBordersOfEachLength) {
  for (const char* text : {"\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
  EXPECT_TRUE(IsValidUtf8(absl::string_view("a\0b", 3)));
}

TEST(Utf8, RefusesOverlongSurrogateAndBeyondUnicode) {
  for (const char* text : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\x80"}) {
    EXPECT_FALSE(IsValidUtf8(text));
  }
}

TEST(Utf8, NamesTheOffsetOfTheFirstBadByte) {
  EXPECT_EQ(FirstInvalidUtf8Byte("ab\xFF"
                                 "c"),
            2u);
  EXPECT_EQ(FirstInvalidUtf8Byte("é\xE4\xB8"), 2u);  // the text ends inside a character
  EXPECT_EQ(FirstInvalidUtf8Byte("中文"), std::nullopt);
}

TEST(Utf8, PrefixNeverEndsInsideACharacter) {
  const std::string text = "a中😀z";  // 1, 3, 4, 1 bytes
  for (size_t max = 0; max <= text.size(); ++max) {
    const absl::string_view prefix = Utf8Prefix(text, max);
    EXPECT_TRUE(IsValidUtf8(prefix)) << max;
    EXPECT_LE(prefix.size(), max);
    EXPECT_GT(prefix.size() + 4, max);
  }
  EXPECT_EQ(Utf8Prefix(text, 3), "a");
  EXPECT_EQ(Utf8Prefix(text, 4), "a中");
}

TEST(Utf8, ReplacesBadBytesAlone) { EXPECT_EQ(ToValidUtf8("a\xFF\xC3z中"), "a��z中"); }

TEST(Utf8, QuoteEscapesAndCuts) {
  EXPECT_EQ(QuoteBriefly("a\n\"中"), "\"a\\n\\\"中\"");
  EXPECT_EQ(QuoteBriefly("\xFF"), "\"\\xff\"");
  EXPECT_EQ(QuoteBriefly(std::string(1000, 'x')), "\"" + std::string(40, 'x') + "…\"");
}

}  // namespace
}  // namespace wan

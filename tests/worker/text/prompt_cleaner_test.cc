#include "worker/text/prompt_cleaner.h"

#include <gtest/gtest.h>

#include "worker/text/unicode.h"

namespace wan {
namespace {

TEST(CleanPrompt, CollapsesAndStripsEveryWhiteSpace) {
  EXPECT_EQ(CleanPrompt(" \t a\u00A0 \u2003b\n\n\u3000c\u1680\u205F "), "a b c");
  EXPECT_EQ(CleanPrompt(""), "");
  EXPECT_EQ(CleanPrompt(" \n "), "");
}

TEST(CleanPrompt, ZeroWidthSpaceAndJoinersAreNoWhiteSpace) {
  EXPECT_EQ(CleanPrompt("a\u200Bb\u200Dc"), "a\u200Bb\u200Dc");
}

// Controls go before white space is collapsed, so those that Python calls white space glue words together.
TEST(CleanPrompt, ControlsThatAreWhiteSpaceGlueWords) {
  for (const char* text : {"red\u000Bball", "red&#11;ball", "red\u001Cball", "red\u001Fball"}) {
    EXPECT_EQ(CleanPrompt(text), "redball") << text;
  }
  for (const char* text : {"red\u000Cball", "red\u2028ball", "red\r\nball", "red&#12;ball"}) {
    EXPECT_EQ(CleanPrompt(text), "red ball") << text;
  }
}

// C1 characters are read as Windows-1252 before U+0085 could count as a line break.
TEST(CleanPrompt, NextLineIsAnEllipsis) {
  EXPECT_EQ(CleanPrompt("red\u0085ball"), "red…ball");
  EXPECT_EQ(CleanPrompt("red&#133;ball"), "red…ball");
  EXPECT_EQ(CleanPrompt("red&#x85;ball"), "red…ball");
}

TEST(CleanPrompt, UnescapesUntilNothingChangesAndThenTwice) {
  EXPECT_EQ(CleanPrompt("&amp;amp;amp;amp; x"), "& x");
  EXPECT_EQ(CleanPrompt("&amp;eacute;"), "é");
  EXPECT_EQ(CleanPrompt("&ampamp;"), "&");  // only html.unescape reads names without a semicolon
}

// A '<' anywhere in a line means HTML for ftfy, there and below; html.unescape still reads two levels.
TEST(CleanPrompt, AngleBracketTurnsOffTheFirstUnescaping) {
  EXPECT_EQ(CleanPrompt("&EACUTE;"), "É");
  EXPECT_EQ(CleanPrompt("<b> &EACUTE;"), "<b> &EACUTE;");
  EXPECT_EQ(CleanPrompt("<\n&EACUTE;"), "< &EACUTE;");
  EXPECT_EQ(CleanPrompt("&EACUTE;\n<"), "É <");
  EXPECT_EQ(CleanPrompt("< &amp;amp;amp;amp;"), "< &amp;amp;");
}

// What html.unescape makes comes too late for the fixes, except for white space.
TEST(CleanPrompt, LateUnescapingIsNotFixedAgain) {
  EXPECT_EQ(CleanPrompt("< &ldquo;a&rdquo; &#xFB01;"), "< “a” ﬁ");
  EXPECT_EQ(CleanPrompt("&ldquo;a&rdquo; &#xFB01;"), "\"a\" fi");
  EXPECT_EQ(CleanPrompt("< a&nbsp;&nbsp;b"), "< a b");
}

TEST(CleanPrompt, ComposedAndDecomposedSpellingsAreOne) {
  for (const char* text : {"Một quả bóng đỏ", "빨간 공", "ガラス", "क़"}) {
    EXPECT_EQ(CleanPrompt(Normalize(text, NormalForm::kNfd)), CleanPrompt(text)) << text;
  }
  EXPECT_EQ(CleanPrompt("ｶﾞﾗｽ"), "ガラス");
}

TEST(CleanPrompt, DropsTerminalColoursAndByteOrderMarks) {
  EXPECT_EQ(CleanPrompt("\uFEFFa \u001B[31mred\u001B[0m ball"), "a red ball");
}

TEST(CleanPrompt, EmojiSequencesStay) {
  const char* text = "👩\u200D🚀 🇩🇪 ❤\uFE0F 👍🏽";
  EXPECT_EQ(CleanPrompt(text), text);
}

TEST(CleanPrompt, BytesThatAreNotUtf8BecomeReplacementCharacters) {
  EXPECT_EQ(CleanPrompt("a\xFF\xC3"), "a\uFFFD\uFFFD");
}

TEST(CleanPrompt, IsStableOnItsOwnResult) {
  for (const char* text : {"a  “cat”\r\nwalks", "ＡＢＣ，ﬁ", "Mo\u0323\u0302t"}) {
    EXPECT_EQ(CleanPrompt(CleanPrompt(text)), CleanPrompt(text));
  }
}

TEST(CleanPrompt, DeeplyEscapedPromptEnds) {
  std::string text = "&";
  for (int i = 0; i < 500; ++i) text += "amp;";
  EXPECT_EQ(CleanPrompt(text), "&");
}

}  // namespace
}  // namespace wan

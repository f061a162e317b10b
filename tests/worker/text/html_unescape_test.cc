#include "worker/text/html_unescape.h"

#include <gtest/gtest.h>

#include <string>

#include "worker/text/unicode.h"

namespace wan {
namespace {

std::string Html(absl::string_view text) { return EncodeUtf8(UnescapeHtml(DecodeUtf8(text))); }
std::string InText(absl::string_view text) { return EncodeUtf8(UnescapeHtmlInText(DecodeUtf8(text))); }

TEST(UnescapeHtml, ReadsNamesWithAndWithoutSemicolon) {
  EXPECT_EQ(Html("&amp;&lt;&quot;&eacute;&CounterClockwiseContourIntegral;"), "&<\"é∳");
  EXPECT_EQ(Html("a &amp b &copy c"), "a & b © c");
  EXPECT_EQ(Html("&NotEqualTilde;"), "≂\u0338");  // one name, two characters
  EXPECT_EQ(Html("&hellip"), "&hellip");          // no old name
}

TEST(UnescapeHtml, TakesTheLongestNameThatBeginsTheWord) {
  EXPECT_EQ(Html("&notit;"), "¬it;");
  EXPECT_EQ(Html("&notin;"), "∉");
  EXPECT_EQ(Html("&ampé"), "&é");
  EXPECT_EQ(Html("this&not that"), "this¬ that");
  EXPECT_EQ(Html("&é;"), "&é;");
}

TEST(UnescapeHtml, WordOfANameHasAtMost32Characters) {
  const std::string tail(40, 'x');
  EXPECT_EQ(Html("&amp" + tail + ";"), "&" + tail + ";");
}

TEST(UnescapeHtml, LeavesWhatIsNoReference) {
  for (const char* text : {"&", "&&", "& amp;", "&;", "&#;", "&#x;", "&#xg;", "&unknown;", "a & b", "&<"}) {
    EXPECT_EQ(Html(text), text);
  }
}

TEST(UnescapeHtml, NumbersFollowTheTableOfHtml5) {
  EXPECT_EQ(Html("&#65;&#x42;&#X43;&#68 &#x45z"), "ABCD Ez");
  EXPECT_EQ(Html("&#x1F600;"), "😀");
  EXPECT_EQ(Html("&#133;&#x80;&#x9f;"), "…€Ÿ");
  EXPECT_EQ(Html("&#0;|&#xD800;|&#xDFFF;|&#x110000;|&#99999999999999999999;"), "\uFFFD|\uFFFD|\uFFFD|\uFFFD|\uFFFD");
  EXPECT_EQ(Html("[&#1;&#11;&#x1F;&#127;&#xFDD0;&#xFFFE;&#x10FFFF;]"), "[]");
  EXPECT_EQ(Html("[&#9;&#10;&#12;&#13;&#x81;]"), "[\t\n\f\r\u0081]");
}

TEST(UnescapeHtml, DoesNotReadItsOwnOutput) {
  EXPECT_EQ(Html("&amp;lt;"), "&lt;");
  EXPECT_EQ(Html("&#38;lt;"), "&lt;");
}

TEST(UnescapeHtmlInText, NamesNeedTheirSemicolon) {
  EXPECT_EQ(InText("&lt;tag&gt; &eacute;"), "<tag> é");
  EXPECT_EQ(InText("this&not that &amp b"), "this&not that &amp b");
}

TEST(UnescapeHtmlInText, ReadsUpperCaseSpellingsThatMeanNothingElse) {
  EXPECT_EQ(InText("P&EACUTE;REZ"), "PÉREZ");
  EXPECT_EQ(InText("BUNDESSTRA&SZLIG;E"), "BUNDESSTRASSE");
  EXPECT_EQ(InText("&ntilde; &Ntilde; &NTILDE; &nTILDE;"), "ñ Ñ Ñ &nTILDE;");
}

TEST(UnescapeHtmlInText, LeavesWordsOfMoreThan24Characters) {
  EXPECT_EQ(InText("&CounterClockwiseContourIntegral;"), "&CounterClockwiseContourIntegral;");
  EXPECT_EQ(InText("&#000000000000000000000065;"), "A");
  EXPECT_EQ(InText("&#0000000000000000000000065;"), "&#0000000000000000000000065;");
}

TEST(UnescapeHtmlInText, LeavesNumbersThatAreReadInPartOrGiveASemicolon) {
  for (const char* text : {"&#59;", "&#x3B;", "&#65a;", "&#x;", "&#amp;", "&#65"}) EXPECT_EQ(InText(text), text);
  EXPECT_EQ(InText("&#38;&#x1F600;[&#1;]"), "&😀[]");
}

}  // namespace
}  // namespace wan

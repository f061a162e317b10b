// A prompt means the same however its characters are written, seen in the frames.
#include <gtest/gtest.h>

#include <string>

#include "tests/e2e/video_maker.h"

namespace wan {
namespace {

class PromptTest : public testing::Test {
 protected:
  // The demo model's tokenizer spells what it does not know in bytes, so no character is lost that was sent.
  PromptTest() : house_({}) { house_.Start(); }
  std::string Frames(const std::string& prompt) {
    return GeneratedFrames(house_, {"--model", "wan-shapes", "--width", "32", "--height", "32", "--frames", "5",
                                    "--steps", "3", "--seed", "1", "--guidance", "10", "--prompt", prompt});
  }

  House house_;
};

TEST_F(PromptTest, ComposedAndDecomposedVietnameseGiveEqualFrames) {
  const std::string composed = Frames("M\u1ed9t qu\u1ea3 b\u00f3ng \u0111\u1ecf");
  EXPECT_EQ(Frames("Mo\u0323\u0302t qua\u0309 bo\u0301ng \u0111o\u0309"), composed);
  EXPECT_NE(Frames("M\u1ecdt qu\u1ea3 b\u00f3ng \u0111\u1ecf"), composed);  // one tone mark lost
}

TEST_F(PromptTest, HangulSyllablesAndTheirLettersGiveEqualFrames) {
  const std::string composed = Frames("\ube68\uac04 \uacf5");
  EXPECT_EQ(Frames("\u1108\u1161\u11af\u1100\u1161\u11ab \u1100\u1169\u11bc"), composed);
  EXPECT_NE(Frames("\ube68\uac00 \uacf5"), composed);
}

TEST_F(PromptTest, HalfWidthKanaGiveTheFramesOfFullWidthOnes) {
  const std::string full_width = Frames("\u30ac\u30e9\u30b9");
  EXPECT_EQ(Frames("\uff76\uff9e\uff97\uff7d"), full_width);
  EXPECT_NE(Frames("\u30ab\u30e9\u30b9"), full_width);
}

TEST_F(PromptTest, ControlCharactersGoBeforeSpacesAreCollapsed) {
  const std::string glued = Frames("redball moves left"), apart = Frames("red ball moves left");
  ASSERT_NE(glued, apart);
  EXPECT_EQ(Frames("red\x0b"
                   "ball moves left"),
            glued);
  EXPECT_EQ(Frames("red&#11;ball moves left"), glued);
  EXPECT_EQ(Frames("red\x1c"
                   "ball moves left"),
            glued);
  EXPECT_EQ(Frames("red\x0c"
                   "ball moves left"),
            apart);
  EXPECT_EQ(Frames("red\u2028ball moves left"), apart);
  EXPECT_EQ(Frames("  red \t\n ball moves left "), apart);
}

TEST_F(PromptTest, AC1CharacterIsReadAsTheWindowsCharacterOfItsByte) {
  const std::string ellipsis = Frames("red\u2026ball");
  EXPECT_EQ(Frames("red\xc2\x85"
                   "ball"),
            ellipsis);
  EXPECT_EQ(Frames("red&#133;ball"), ellipsis);
  EXPECT_NE(Frames("redball"), ellipsis);
}

}  // namespace
}  // namespace wan

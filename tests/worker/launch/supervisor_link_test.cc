#include "worker/launch/supervisor_link.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace wan {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class SupervisorLinkTest : public ::testing::Test {
 protected:
  SupervisorLinkTest() { EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0); }
  ~SupervisorLinkTest() override { ::close(ends_[0]); }

  // Blocks until something was said.
  std::string Read() {
    char buffer[4096];
    const ssize_t count = ::read(ends_[0], buffer, sizeof(buffer));
    return std::string(buffer, count > 0 ? count : 0);
  }

  int ends_[2];
};

TEST_F(SupervisorLinkTest, BeatsAtOnceAndThenAgain) {
  const SupervisorLink link(ends_[1], absl::Milliseconds(1));
  EXPECT_THAT(Read(), StartsWith("beat\n"));
  EXPECT_THAT(Read(), StartsWith("beat\n"));
}

TEST_F(SupervisorLinkTest, ErrorTravelsAsOneLine) {
  SupervisorLink link(ends_[1], absl::InfiniteDuration());
  EXPECT_EQ(Read(), "beat\n");
  link.ReportError("first\nsecond");
  EXPECT_EQ(Read(), "error first second\n");
}

TEST_F(SupervisorLinkTest, FullPipeDoesNotBlockTheRank) {
  SupervisorLink link(ends_[1], absl::InfiniteDuration());
  for (int i = 0; i < 100'000; ++i) link.ReportStep();
  SUCCEED();
}

TEST_F(SupervisorLinkTest, SupervisorThatIsGoneDoesNotEndTheRankByItself) {
  SupervisorLink link(ends_[1], absl::InfiniteDuration());
  ::close(ends_[0]);
  ends_[0] = -1;
  link.ReportStep();
  SUCCEED();
}

TEST(CutToLine, KeepsAShortMessage) { EXPECT_EQ(CutToLine("missing: a.weight"), "missing: a.weight"); }

TEST(CutToLine, CutsBetweenCharactersAndSaysHowMuchIsMissing) {
  std::string text = "x";
  while (text.size() < 5000) text += "ü";
  const std::string line = CutToLine(text);
  EXPECT_LT(line.size(), 1100u);
  EXPECT_THAT(line, HasSubstr("ü… ("));
  EXPECT_THAT(line, EndsWith(" more bytes; the log above has all)"));
}

}  // namespace
}  // namespace wan

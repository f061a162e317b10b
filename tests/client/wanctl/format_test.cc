#include "client/wanctl/format.h"

#include <gtest/gtest.h>

#include "client/wanctl/console.h"

namespace wan {
namespace {

TEST(DurationText, ReadsLikeASpokenDuration) {
  EXPECT_EQ(DurationText(absl::ZeroDuration()), "0.00 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(83)), "0.08 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(999)), "1.0 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(4230)), "4.2 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(9960)), "10 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(59400)), "59 s");
  EXPECT_EQ(DurationText(absl::Milliseconds(59600)), "1 min 00 s");
  EXPECT_EQ(DurationText(absl::Seconds(200)), "3 min 20 s");
  EXPECT_EQ(DurationText(absl::Seconds(7500)), "2 h 05 min");
  EXPECT_EQ(DurationText(absl::Hours(76)), "3 d 4 h");
  EXPECT_EQ(DurationText(absl::Seconds(-5)), "0.00 s");
}

TEST(NumberText, IsTheShortestThatMeansTheNumber) {
  EXPECT_EQ(NumberText(5), "5");
  EXPECT_EQ(NumberText(0.1), "0.1");
  EXPECT_EQ(NumberText(3.00000001), "3.00000001");
  EXPECT_EQ(NumberText(-1.7976931348623157e308), "-1.7976931348623157e+308");
}

TEST(BytesText, UsesDecimalUnits) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(999), "999 B");
  EXPECT_EQ(BytesText(9600), "9.6 kB");
  EXPECT_EQ(BytesText(999'960), "1.0 MB");
  EXPECT_EQ(BytesText(12'300'000'000), "12.3 GB");
}

TEST(StateName, IsWhatTheUserTypesBack) {
  EXPECT_EQ(StateName(v1::JOB_STATE_QUEUED), "queued");
  EXPECT_EQ(PhaseName(v1::PHASE_ENCODING_TEXT), "encoding text");
  EXPECT_EQ(RingStateName(v1::RING_STATE_UNREACHABLE), "unreachable");
  EXPECT_EQ(StateName(static_cast<v1::JobState>(77)), "unknown");
  for (int state = v1::JOB_STATE_QUEUED; state <= v1::JOB_STATE_EXPIRED; ++state) {
    EXPECT_EQ(ParseStateName(StateName(static_cast<v1::JobState>(state))), static_cast<v1::JobState>(state));
  }
  EXPECT_FALSE(ParseStateName("unspecified").has_value());
}

TEST(Shorten, CutsByColumnsAndNeverInsideACharacter) {
  EXPECT_EQ(Shorten("a red ball", 10), "a red ball");
  EXPECT_EQ(Shorten("a red ball moves", 10), "a red b...");
  EXPECT_EQ(Shorten("赤いボールが動く", 10), "赤いボ...");  // two columns each
  EXPECT_EQ(Shorten("赤いボールが動く", 8), "赤い...");
  EXPECT_EQ(Shorten("abc", 2), "..");
  EXPECT_EQ(Shorten("\xff\xff\xff\xff\xff", 4), "\xff...");
}

TEST(AlignColumns, AlignsByDisplayWidthWithoutTrailingSpaces) {
  EXPECT_EQ(AlignColumns({{"A", "B", "C"}, {"赤い", "x", ""}, {"long cell", "", "y"}}),
            "A          B  C\n"
            "赤い       x\n"
            "long cell     y\n");
}

TEST(Printable, KeepsTextAndDefusesControlCharacters) {
  EXPECT_EQ(Printable("a red ball 赤"), "a red ball 赤");
  EXPECT_EQ(Printable("a\x1b[31mb\nc\x7f"), "a [31mb c ");
  EXPECT_EQ(Printable("a\xc2\x9b"
                      "31mb"),
            "a 31mb");
}

}  // namespace
}  // namespace wan

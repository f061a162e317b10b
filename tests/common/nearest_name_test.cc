#include "common/nearest_name.h"

#include <gtest/gtest.h>

namespace wan {
namespace {

const std::vector<std::string> kNames = {"unipc", "euler", "dpm++"};

TEST(NearestName, FindsTypingErrors) {
  EXPECT_EQ(NearestName("unipv", kNames), "unipc");
  EXPECT_EQ(NearestName("eulr", kNames), "euler");
  EXPECT_EQ(NearestName("dpmpp", kNames), "dpm++");
}

TEST(NearestName, IgnoresCase) { EXPECT_EQ(NearestName("UniPC", kNames), "unipc"); }

TEST(NearestName, GivesNothingForAnotherWord) {
  EXPECT_EQ(NearestName("heun", kNames), std::nullopt);
  EXPECT_EQ(NearestName("", kNames), std::nullopt);
}

TEST(NearestName, PrefersTheNearerOfTwo) { EXPECT_EQ(NearestName("max_step", {"max_side", "max_steps"}), "max_steps"); }

TEST(NearestName, GivesNothingForALongText) {
  EXPECT_EQ(NearestName(std::string(65, 'a'), {std::string(65, 'a')}), std::nullopt);
}

}  // namespace
}  // namespace wan

#include "common/config/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace wan {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Expanded(const std::string& text) {
  const auto expanded = ExpandEnvironment(text);
  return expanded.ok() ? *expanded : "error: " + std::string(expanded.status().message());
}

class Environment : public ::testing::Test {
 protected:
  Environment() {
    ::setenv("WAN_TEST_HOST", "ring-0", 1);
    ::setenv("WAN_TEST_EMPTY", "", 1);
    ::setenv("WAN_TEST_NESTED", "${WAN_TEST_HOST}", 1);
    ::unsetenv("WAN_TEST_UNSET");
  }
};

TEST_F(Environment, ReplacesEveryReference) {
  EXPECT_EQ(Expanded("${WAN_TEST_HOST}:${WAN_TEST_UNSET:-29400}"), "ring-0:29400");
}

TEST_F(Environment, DefaultStandsForUnsetAndEmpty) {
  EXPECT_EQ(Expanded("${WAN_TEST_UNSET:-}"), "");
  EXPECT_EQ(Expanded("${WAN_TEST_EMPTY:-x}"), "x");
  EXPECT_EQ(Expanded("${WAN_TEST_EMPTY}"), "");
  EXPECT_EQ(Expanded("${WAN_TEST_HOST:-x}"), "ring-0");
}

TEST_F(Environment, UnsetWithoutDefaultIsAnErrorWithItsName) {
  EXPECT_EQ(Expanded("${WAN_TEST_UNSET}"), "error: environment variable WAN_TEST_UNSET is not set");
}

TEST_F(Environment, ValuesAreNotExpandedAgain) { EXPECT_EQ(Expanded("${WAN_TEST_NESTED}"), "${WAN_TEST_HOST}"); }

TEST_F(Environment, OtherDollarsStay) {
  EXPECT_EQ(Expanded("$5, $HOME, $$"), "$5, $HOME, $$");
  EXPECT_EQ(Expanded("$${WAN_TEST_HOST}"), "${WAN_TEST_HOST}");
}

TEST_F(Environment, RefusesBadForms) {
  for (const char* text : {"${", "${}", "${A-B}", "${1A}", "${WAN_TEST_HOST"}) {
    EXPECT_FALSE(ExpandEnvironment(text).ok()) << text;
  }
}

TEST_F(Environment, ErrorNeverShowsAValue) {
  EXPECT_THAT(Expanded("${WAN_TEST_HOST}${WAN_TEST_UNSET}"), Not(HasSubstr("ring-0")));
}

}  // namespace
}  // namespace wan

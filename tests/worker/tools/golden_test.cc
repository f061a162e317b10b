// Every golden case of every set, stage by stage and end to end, as wan_verify runs it.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/testing/golden.h"
#include "worker/tools/verify/verify.h"

namespace wan {
namespace {

class GoldenTest : public ::testing::TestWithParam<GoldenFolder> {};

TEST_P(GoldenTest, EqualsTheReference) {
  const CaseReport report = VerifyCase(GetParam().folder(), {});
  if (!report.unsupported.empty()) GTEST_SKIP() << "not a case of this build: " << report.unsupported;
  std::ostringstream table;
  PrintTable(report, table);
  EXPECT_TRUE(report.passed()) << table.str();
}

std::string TestName(const ::testing::TestParamInfo<GoldenFolder>& info) {
  return info.param.name + "_" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(AllSets, GoldenTest, ::testing::ValuesIn(GoldenCases("*")), TestName);

// The cases that come with the source are the ones this build promises: none may be left out.
TEST(GoldenSets, EveryCaseOfTheSourceTreeIsSupported) {
  const std::string own = GoldenSets().front();
  int count = 0;
  for (const GoldenFolder& folder : GoldenCases("*")) {
    if (folder.set != own) continue;
    const auto golden = GoldenCase::Load(folder.folder());
    ASSERT_TRUE(golden.ok()) << golden.status();
    EXPECT_EQ(WhyUnsupported(*golden), "") << folder.name;
    ++count;
  }
  EXPECT_GE(count, 20);
}

}  // namespace
}  // namespace wan

#include "worker/tools/verify/report.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

namespace wan {
namespace {

CaseReport Compared(const std::vector<double>& actual, const std::vector<double>& expected, Tolerance tolerance) {
  CaseReport report;
  report.Compare("stage", StageInput::kReference, at::tensor(actual), at::tensor(expected), tolerance);
  return report;
}

TEST(CaseReport, PassesUpToTheToleranceAndFailsBeyond) {
  EXPECT_TRUE(Compared({1, 2.5}, {1, 2}, {.max = 0.5}).passed());
  const CaseReport report = Compared({1, 2.5}, {1, 2}, {.max = 0.25});
  EXPECT_FALSE(report.passed());
  EXPECT_EQ(report.stages[0].max_error, 0.5);
  EXPECT_EQ(report.stages[0].mean_error, 0.25);
  EXPECT_EQ(report.stages[0].detail, "[1] is 2.5, expected 2");
}

TEST(CaseReport, MeanHasItsOwnTolerance) {
  EXPECT_FALSE(Compared({1, 2.5}, {1, 2}, {.max = 1, .mean = 0.125}).passed());
}

TEST(CaseReport, NaNFailsWhateverTheTolerance) {
  EXPECT_FALSE(Compared({std::nan("")}, {1}, {.max = 1e9}).passed());
  EXPECT_FALSE(Compared({1}, {std::nan("")}, {.max = 1e9}).passed());
}

TEST(CaseReport, OtherShapeFailsAndSaysSo) {
  const CaseReport report = Compared({1, 2}, {1}, {.max = 10});
  EXPECT_FALSE(report.passed());
  EXPECT_EQ(report.stages[0].detail, "shape [2], expected [1]");
}

TEST(CaseReport, NothingComparedIsNotAPass) { EXPECT_FALSE(CaseReport().passed()); }

}  // namespace
}  // namespace wan

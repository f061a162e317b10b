#include "common/error.h"

#include <gtest/gtest.h>

namespace wan {
namespace {

TEST(Error, KeepsReasonMetadataAndViolationsThroughAnnotation) {
  const absl::Status status = Annotate(
      WithDetails(absl::InvalidArgumentError("bad"), {.reason = kInvalidSpec,
                                                      .metadata = {{"step", "3"}},
                                                      .violations = {{"spec.width", "60 is not a multiple of 16"}}}),
      "submit");
  EXPECT_EQ(status.message(), "submit: bad");
  const ErrorDetails details = GetErrorDetails(status);
  EXPECT_EQ(details.reason, kInvalidSpec);
  EXPECT_EQ(details.metadata.at("step"), "3");
  ASSERT_EQ(details.violations.size(), 1u);
  EXPECT_EQ(details.violations[0].field, "spec.width");
}

TEST(Error, InvalidSpecMessageListsEveryViolation) {
  const absl::Status status = InvalidSpecError({{"spec.width", "a"}, {"spec.height", "b"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "spec.width: a; spec.height: b");
}

TEST(Error, StatusWithoutDetailsHasEmptyOnes) {
  EXPECT_TRUE(GetErrorDetails(absl::InternalError("x")).reason.empty());
  EXPECT_FALSE(HasReason(absl::OkStatus(), kStorage));
}

}  // namespace
}  // namespace wan

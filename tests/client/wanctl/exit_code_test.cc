#include "client/wanctl/exit_code.h"

#include <gtest/gtest.h>

#include "common/error.h"
#include "common/rpc/grpc_status.h"

namespace wan {
namespace {

TEST(ExitCode, FollowsTheCodeOfTheStatus) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(absl::InternalError("")), 1);
  EXPECT_EQ(ExitCodeOf(absl::DataLossError("")), 1);
  EXPECT_EQ(ExitCodeOf(absl::FailedPreconditionError("")), 1);
  EXPECT_EQ(ExitCodeOf(absl::AlreadyExistsError("")), 1);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), 2);
  EXPECT_EQ(ExitCodeOf(absl::OutOfRangeError("")), 2);
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("")), 3);
  EXPECT_EQ(ExitCodeOf(absl::UnauthenticatedError("")), 4);
  EXPECT_EQ(ExitCodeOf(absl::PermissionDeniedError("")), 4);
  EXPECT_EQ(ExitCodeOf(absl::ResourceExhaustedError("")), 5);
  EXPECT_EQ(ExitCodeOf(absl::DeadlineExceededError("")), 6);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), 7);
  EXPECT_EQ(ExitCodeOf(absl::CancelledError("")), 8);
}

ExitCode OfJob(v1::JobState state, const absl::Status& error = absl::OkStatus()) {
  v1::Job job;
  job.set_state(state);
  if (!error.ok()) *job.mutable_error() = ToRpcStatus(error);
  return ExitCodeOf(job);
}

TEST(ExitCode, OfAJobSaysHowItEnded) {
  EXPECT_EQ(OfJob(v1::JOB_STATE_SUCCEEDED), 0);
  EXPECT_EQ(OfJob(v1::JOB_STATE_CANCELLED), 8);
  EXPECT_EQ(OfJob(v1::JOB_STATE_EXPIRED), 6);
  EXPECT_EQ(OfJob(v1::JOB_STATE_FAILED), 1);
  EXPECT_EQ(OfJob(v1::JOB_STATE_FAILED, MakeError(absl::StatusCode::kDeadlineExceeded, kJobTimeout, "late")), 6);
}

// A device without memory is not a busy server, nor is a lost ring an absent one: trying again would not help.
TEST(ExitCode, OfAFailedJobIsNotThatOfACall) {
  EXPECT_EQ(OfJob(v1::JOB_STATE_FAILED, MakeError(absl::StatusCode::kResourceExhausted, kDeviceOutOfMemory, "")), 1);
  EXPECT_EQ(OfJob(v1::JOB_STATE_FAILED, MakeError(absl::StatusCode::kUnavailable, kRingLost, "")), 1);
}

}  // namespace
}  // namespace wan

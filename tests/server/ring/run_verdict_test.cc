#include "server/ring/run_verdict.h"

#include <gtest/gtest.h>

#include "common/error.h"

namespace wan {
namespace {

using absl::StatusCode;

TEST(RunVerdict, ReportedErrorsAreFinal) {
  for (const absl::Status& status :
       {MakeError(StatusCode::kDataLoss, kNonFinite, ""), MakeError(StatusCode::kInternal, kEncodeFailed, ""),
        MakeError(StatusCode::kResourceExhausted, kDeviceOutOfMemory, ""),
        MakeError(StatusCode::kInvalidArgument, kInvalidSpec, ""),
        MakeError(StatusCode::kInvalidArgument, kCodecUnavailable, ""), MakeError(StatusCode::kInternal, kStorage, ""),
        absl::InternalError("no reason"), absl::UnimplementedError("an old ring")}) {
    EXPECT_EQ(JudgeRun(status, true), RunVerdict::kFinal) << status;
  }
}

TEST(RunVerdict, ARingThatVanishedIsLostWhateverCodeItsConnectionGave) {
  for (const absl::Status& status : {absl::UnavailableError("Socket closed"), absl::UnknownError("Stream removed"),
                                     absl::CancelledError("CANCELLED")}) {
    EXPECT_EQ(JudgeRun(status, true), RunVerdict::kLost) << status;
    EXPECT_EQ(JudgeRun(status, false), RunVerdict::kLost) << status;
  }
}

TEST(RunVerdict, ARingThatRefusesTookNoJob) {
  EXPECT_EQ(JudgeRun(MakeError(StatusCode::kResourceExhausted, kRingBusy, ""), false), RunVerdict::kNotTaken);
  EXPECT_EQ(JudgeRun(MakeError(StatusCode::kUnavailable, kRingLost, "about to restart"), false), RunVerdict::kNotTaken);
  EXPECT_EQ(JudgeRun(MakeError(StatusCode::kUnavailable, kRingDraining, ""), false), RunVerdict::kDrained);
}

TEST(RunVerdict, ARingThatReportsItsLossInTheMiddleLosesTheJob) {
  EXPECT_EQ(JudgeRun(MakeError(StatusCode::kUnavailable, kRingLost, "a rank died"), true), RunVerdict::kLost);
}

}  // namespace
}  // namespace wan

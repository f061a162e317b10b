#include "server/job/job_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

namespace wan {
namespace {

TEST(JobState, AllowsExactlyTheArrowsOfTheTable) {
  using enum JobState;
  const std::set<std::pair<JobState, JobState>> arrows = {
      {kQueued, kRunning},    {kQueued, kCancelled}, {kQueued, kExpired}, {kQueued, kFailed},
      {kRunning, kSucceeded}, {kRunning, kFailed},   {kRunning, kQueued}, {kRunning, kCancelled}};
  for (const JobState from : kAllJobStates) {
    for (const JobState to : kAllJobStates) {
      EXPECT_EQ(CheckTransition(from, to).ok(), arrows.count({from, to}) == 1)
          << JobStateName(from) << " to " << JobStateName(to);
    }
  }
}

TEST(JobState, RefusalNamesBothStates) {
  const absl::Status status = CheckTransition(JobState::kSucceeded, JobState::kRunning);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("from SUCCEEDED to RUNNING"));
}

TEST(JobState, NothingLeavesAFinalState) {
  for (const JobState from : kAllJobStates) {
    bool leaves = false;
    for (const JobState to : kAllJobStates) leaves = leaves || CheckTransition(from, to).ok();
    EXPECT_EQ(IsFinal(from), !leaves) << JobStateName(from);
  }
}

TEST(JobState, NamesParseBack) {
  for (const JobState state : kAllJobStates) EXPECT_EQ(ParseJobState(JobStateName(state)), state);
  EXPECT_EQ(ParseJobState("queued"), std::nullopt);
}

}  // namespace
}  // namespace wan

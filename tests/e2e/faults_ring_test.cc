// A rank or its supervisor dies or freezes, a checkpoint breaks under a running ring.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <string>

#include "absl/time/clock.h"
#include "tests/e2e/fault_house.h"
#include "tests/testing/checkpoint.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

constexpr int kLong = 400;  // steps

TEST(FaultsRingTest, JobOfAKilledRankRunsAgainOnItsOwnAndGivesTheSameFrames) {
  FaultHouse house;
  house.Start();
  const std::string undisturbed = house.Submit(FaultSpec(kLong));
  EXPECT_EQ(house.AwaitEnd(undisturbed).state(), v1::JOB_STATE_SUCCEEDED);

  const std::string job = house.Submit(FaultSpec(kLong));
  house.AwaitStep(job);
  const pid_t killed = house.AwaitRank();
  ASSERT_EQ(::kill(killed, SIGKILL), 0);
  const v1::Job end = house.AwaitEnd(job);
  EXPECT_EQ(end.state(), v1::JOB_STATE_SUCCEEDED) << end.ShortDebugString();
  EXPECT_EQ(end.attempt(), 2);
  EXPECT_NE(house.rank_pid(), killed);
  EXPECT_EQ(house.Frames(job), house.Frames(undisturbed));
}

TEST(FaultsRingTest, JobThatLosesItsRingAtEachAttemptFailsAndTheNextOneSucceeds) {
  FaultHouse house;
  house.Start();
  const std::string job = house.Submit(FaultSpec(kLong));
  for (int attempt = 1; attempt <= 2; ++attempt) {
    ASSERT_EQ(house.AwaitStep(job, attempt).attempt(), attempt);
    ASSERT_EQ(::kill(house.AwaitRank(), SIGKILL), 0);
  }
  const v1::Job end = house.AwaitEnd(job);
  EXPECT_EQ(end.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(ErrorOf(end), "ABORTED/RING_LOST") << end.ShortDebugString();
  EXPECT_EQ(end.attempt(), 2);
  EXPECT_EQ(house.AwaitEnd(house.Submit(FaultSpec(2))).state(), v1::JOB_STATE_SUCCEEDED);
}

TEST(FaultsRingTest, KilledWorkerLeavesNoRankAndARestartedOneServes) {
  FaultHouse house;
  house.Start();
  const std::string job = house.Submit(FaultSpec(kLong));
  house.AwaitStep(job);
  house.ring().Signal(SIGKILL);
  ASSERT_EQ(AwaitExit(house.ring()), 128 + SIGKILL);
  EXPECT_TRUE(AwaitTrue([&] { return !house.HasProcessWith(house.RingConfig()); }));
  house.StartRing();
  EXPECT_EQ(house.AwaitEnd(job).state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(house.Get(job).attempt(), 2);
}

TEST(FaultsRingTest, FrozenRankIsKilledWithin12SecondsAndItsJobSucceeds) {
  FaultHouse house;
  house.Start();
  const std::string job = house.Submit(FaultSpec(kLong));
  house.AwaitStep(job);
  const pid_t frozen = house.AwaitRank();
  const absl::Time start = absl::Now();
  ASSERT_EQ(::kill(frozen, SIGSTOP), 0);
  EXPECT_NE(house.AwaitRank(frozen), frozen);
  EXPECT_LT(absl::Now() - start, absl::Seconds(12));
  EXPECT_THAT(house.RingErrors(), HasSubstr("has been silent for"));
  EXPECT_EQ(house.AwaitEnd(job).state(), v1::JOB_STATE_SUCCEEDED);
}

TEST(FaultsRingTest, TermLetsTheJobFinishThenTheWorkerExitsWith0AndLeavesNothing) {
  FaultHouse house;
  house.Start();
  const std::string job = house.Submit(FaultSpec(kLong));
  house.AwaitStep(job);
  house.ring().Signal(SIGTERM);
  EXPECT_EQ(AwaitExit(house.ring()), 0) << house.RingErrors();
  EXPECT_FALSE(house.HasProcessWith(house.RingConfig()));
  const v1::Job end = house.AwaitEnd(job);
  EXPECT_EQ(end.state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(end.attempt(), 1);
}

TEST(FaultsRingTest, WeightsThatAreTruncatedUnderAReadyRingDisturbNoJobUntilItsRestart) {
  FaultHouse house;
  house.options().checkpoint = house.Path("checkpoint");
  CopyCheckpoint("t2v21", house.options().checkpoint);
  house.Start();
  const std::string before = house.Submit(FaultSpec(4));
  EXPECT_EQ(house.AwaitEnd(before).state(), v1::JOB_STATE_SUCCEEDED);
  const std::string weights = house.Path("checkpoint/transformer/diffusion_pytorch_model.safetensors");
  std::filesystem::resize_file(weights, std::filesystem::file_size(weights) / 2);
  const std::string after = house.Submit(FaultSpec(4));
  EXPECT_EQ(house.AwaitEnd(after).state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(house.Frames(after), house.Frames(before));

  ASSERT_EQ(::kill(house.AwaitRank(), SIGKILL), 0);
  EXPECT_EQ(AwaitExit(house.ring()), 78);
  EXPECT_THAT(house.LastRingLine(), HasSubstr(weights));
}

}  // namespace
}  // namespace wan

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
  EXPECT_NE(house.Rank(), killed);
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
  house.worker().Signal(SIGKILL);
  ASSERT_EQ(house.worker().AwaitExit(), 128 + SIGKILL);
  EXPECT_TRUE(AwaitTrue([&] { return ProcessesWith(house.File("worker.yaml")).empty(); }));
  house.StartWorker();
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
  EXPECT_THAT(house.worker().errors(), HasSubstr("has been silent for"));
  EXPECT_EQ(house.AwaitEnd(job).state(), v1::JOB_STATE_SUCCEEDED);
}

TEST(FaultsRingTest, TermLetsTheJobFinishThenTheWorkerExitsWith0AndLeavesNothing) {
  FaultHouse house;
  house.Start();
  const std::string job = house.Submit(FaultSpec(kLong));
  house.AwaitStep(job);
  house.worker().Signal(SIGTERM);
  EXPECT_EQ(house.worker().AwaitExit(), 0) << house.worker().errors();
  EXPECT_TRUE(ProcessesWith(house.File("worker.yaml")).empty());
  const v1::Job end = house.AwaitEnd(job);
  EXPECT_EQ(end.state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(end.attempt(), 1);
}

TEST(FaultsRingTest, WeightsThatAreTruncatedUnderAReadyRingDisturbNoJobUntilItsRestart) {
  FaultHouse house;
  house.settings.checkpoint = house.File("checkpoint");
  CopyCheckpoint("t2v21", house.settings.checkpoint);
  house.Start();
  const std::string before = house.Submit(FaultSpec(4));
  EXPECT_EQ(house.AwaitEnd(before).state(), v1::JOB_STATE_SUCCEEDED);
  const std::string weights = house.File("checkpoint/transformer/diffusion_pytorch_model.safetensors");
  std::filesystem::resize_file(weights, std::filesystem::file_size(weights) / 2);
  const std::string after = house.Submit(FaultSpec(4));
  EXPECT_EQ(house.AwaitEnd(after).state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(house.Frames(after), house.Frames(before));

  ASSERT_EQ(::kill(house.AwaitRank(), SIGKILL), 0);
  EXPECT_EQ(house.worker().AwaitExit(), 78);
  EXPECT_THAT(house.worker().LastErrorLine(), HasSubstr(weights));
}

}  // namespace
}  // namespace wan

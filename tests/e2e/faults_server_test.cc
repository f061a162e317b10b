// wan_server dies, drains, or has no ring: no job is lost.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/e2e/fault_house.h"

namespace wan {
namespace {

constexpr int kLong = 400;  // steps

TEST(FaultsServerTest, JobsOfAKilledServerAllSucceedAfterTheRestartWithTheFramesOfAnUndisturbedRun) {
  FaultHouse house;
  house.Start();
  const std::string undisturbed = house.Submit(FaultSpec(kLong));
  EXPECT_EQ(house.AwaitEnd(undisturbed).state(), v1::JOB_STATE_SUCCEEDED);
  const std::string frames = house.Frames(undisturbed);

  std::vector<std::string> jobs = {house.Submit(FaultSpec(kLong))};
  house.AwaitStep(jobs[0]);
  for (int64_t seed = 1; seed <= 3; ++seed) jobs.push_back(house.Submit(FaultSpec(2, seed)));
  ASSERT_EQ(house.Get(jobs[0]).state(), v1::JOB_STATE_RUNNING);
  for (int i = 1; i <= 3; ++i) ASSERT_EQ(house.Get(jobs[i]).queue_position(), i);

  house.server().Signal(SIGKILL);
  ASSERT_EQ(house.server().AwaitExit(), 128 + SIGKILL);
  house.StartServer();
  for (const std::string& job : jobs) {
    const v1::Job end = house.AwaitEnd(job);
    EXPECT_EQ(end.state(), v1::JOB_STATE_SUCCEEDED) << end.ShortDebugString();
  }
  EXPECT_EQ(house.Get(jobs[0]).attempt(), 2);
  EXPECT_EQ(house.Get(jobs[1]).attempt(), 1);
  EXPECT_EQ(house.Frames(jobs[0]), frames);
}

TEST(FaultsServerTest, JobThatOutlastsTheDrainGoesBackToTheQueueAndRunsAfterTheRestart) {
  for (const double timeout : {0.0, 1.0}) {
    FaultHouse house;
    house.settings.drain_timeout_seconds = timeout;
    house.settings.max_attempts = 1;  // a drain does not use one up
    house.Start();
    const std::string job = house.Submit(FaultSpec(kLong * 2));
    house.AwaitStep(job);
    EXPECT_EQ(house.StopServer(), 0) << house.server().errors();
    EXPECT_THAT(house.server().errors(), ::testing::HasSubstr("QUEUED"));
    house.StartServer();
    const v1::Job end = house.AwaitEnd(job);
    EXPECT_EQ(end.state(), v1::JOB_STATE_SUCCEEDED) << end.ShortDebugString();
    EXPECT_EQ(end.attempt(), 2);
  }
}

TEST(FaultsServerTest, JobsWaitForARingThatIsNotThereYetAndTheServerSaysItServes) {
  FaultHouse house;
  house.StartServer();
  const std::string first = house.Submit(FaultSpec(1));
  const std::string second = house.Submit(FaultSpec(2));
  EXPECT_EQ(house.Get(first).state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(house.Get(second).queue_position(), 2);
  ASSERT_TRUE(house.AwaitRing(v1::RING_STATE_UNREACHABLE));
  EXPECT_EQ(house.StopServer(), 0);  // the queue outlives a server that never had a ring
  house.Start();
  for (const std::string& job : {first, second}) {
    EXPECT_EQ(house.AwaitEnd(job).state(), v1::JOB_STATE_SUCCEEDED);
    EXPECT_EQ(house.Get(job).attempt(), 1);
  }
}

}  // namespace
}  // namespace wan

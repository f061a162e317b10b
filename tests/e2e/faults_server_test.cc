// wan_server dies, drains, or has no ring: no job is lost.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/e2e/fault_house.h"
#include "tests/testing/fake_ring.h"

namespace wan {
namespace {

constexpr int kLong = 400;  // steps

// grpc.health.v1.Health/Check by hand, since its proto is not shipped: 1 SERVING, 2 NOT_SERVING, -1 no answer.
int Health(const FaultHouse& house, const std::string& service) {
  grpc::GenericStub stub(house.Channel());
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  const grpc::Slice question(std::string{'\x0a', static_cast<char>(service.size())} + service);
  grpc::CompletionQueue queue;
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::ByteBuffer(&question, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  queue.Shutdown();
  std::vector<grpc::Slice> slices;
  if (!status.ok() || !reply.Dump(&slices).ok() || slices.empty() || slices[0].size() != 2) return -1;
  return slices[0].begin()[1];
}

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
  ASSERT_EQ(AwaitExit(house.server()), 128 + SIGKILL);
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
    house.options().server_yaml =  // a drain does not use an attempt up
        absl::StrCat("limits: {max_attempts: 1}\ndrain_timeout_seconds: ", timeout, "\n");
    house.Start();
    const std::string job = house.Submit(FaultSpec(kLong * 2));
    house.AwaitStep(job);
    EXPECT_EQ(house.StopServer(), 0) << house.ServerErrors();
    EXPECT_THAT(house.ServerErrors(), ::testing::HasSubstr("QUEUED"));
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
  house.AwaitRing("UNREACHABLE");
  EXPECT_EQ(Health(house, "wan.v1.VideoGeneration"), 1);
  EXPECT_EQ(house.StopServer(), 0);  // the queue outlives a server that never had a ring
  house.Start();
  for (const std::string& job : {first, second}) {
    EXPECT_EQ(house.AwaitEnd(job).state(), v1::JOB_STATE_SUCCEEDED);
    EXPECT_EQ(house.Get(job).attempt(), 1);
  }
}

TEST(FaultsServerTest, JobWithACodecThatTheRingTurnsOutNotToHaveWaitsForItAndFailsAtItsStartWithTheList) {
  FakeRing ring("wan-shapes", {"h264"});
  ring.Kill();
  FaultHouse house;
  house.options().ring_address = ring.address();
  house.StartServer();
  house.AwaitRing("UNREACHABLE");
  const std::string job = house.Submit(FaultSpec(1));
  EXPECT_EQ(house.Get(job).state(), v1::JOB_STATE_QUEUED);
  ring.Start();
  const v1::Job end = house.AwaitEnd(job);
  EXPECT_EQ(ErrorOf(end), "INVALID_ARGUMENT/CODEC_UNAVAILABLE");
  EXPECT_THAT(end.error().message(), ::testing::HasSubstr("h264"));
  const auto refused = house.client().Submit(FaultSpec(1), "");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("h264"));
}

}  // namespace
}  // namespace wan

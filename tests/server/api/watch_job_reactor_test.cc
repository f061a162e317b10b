#include "server/api/watch_job_reactor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "common/error.h"
#include "common/rpc/grpc_status.h"
#include "tests/testing/test_server.h"

namespace wan {
namespace {

// A WatchJob stream of a test.
class Watch {
 public:
  Watch(TestServer& server, const std::string& job_id) {
    v1::WatchJobRequest request;
    request.set_job_id(job_id);
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    reader_ = server.videos().WatchJob(&context_, request);
  }
  bool Next() { return reader_->Read(&event_); }
  const v1::JobEvent& event() const { return event_; }
  absl::Status Finish() { return FromGrpcStatus(reader_->Finish()); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::JobEvent>> reader_;
  v1::JobEvent event_;
};

TEST(WatchJob, BeginsWithASnapshotAndEndsAfterTheFinalState) {
  FakeRing ring;
  ring.Script({.waits = true});
  TestServer server({ring.address()});
  const auto job = server.Submit(SmallSpec());
  ASSERT_TRUE(ring.AwaitWaiting(1));
  Watch watch(server, job->job_id());
  ASSERT_TRUE(watch.Next());
  EXPECT_EQ(watch.event().job().state(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(watch.event().job().spec().seed(), 7);
  ring.Release();
  int64_t sequence = watch.event().sequence();
  while (watch.Next()) {
    EXPECT_GT(watch.event().sequence(), sequence);
    sequence = watch.event().sequence();
  }
  EXPECT_EQ(watch.event().job().state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(watch.event().job().videos_size(), 1);
  EXPECT_TRUE(watch.Finish().ok());
}

TEST(WatchJob, AFinishedJobIsOneEvent) {
  TestServer server({});
  const auto job = server.Submit(SmallSpec());
  ASSERT_TRUE(server.Cancel(job->job_id()).ok());
  Watch watch(server, job->job_id());
  ASSERT_TRUE(watch.Next());
  EXPECT_EQ(watch.event().job().state(), v1::JOB_STATE_CANCELLED);
  EXPECT_FALSE(watch.Next());
  EXPECT_TRUE(watch.Finish().ok());
}

TEST(WatchJob, AnUnknownJobIsNotFoundAndBadBytesAreInvalid) {
  TestServer server({});
  Watch watch(server, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
  EXPECT_FALSE(watch.Next());
  const absl::Status status = watch.Finish();
  EXPECT_TRUE(HasReason(status, kJobNotFound)) << status;
  EXPECT_TRUE(absl::IsInvalidArgument(server.CallRaw("WatchJob", "\x0a\x01\xff")));
}

TEST(WatchJob, ProgressOfTheRingArrives) {
  FakeRing ring;
  ring.Script({.steps = 3, .waits = true});
  TestServer server({ring.address()});
  const auto job = server.Submit(SmallSpec());
  const auto reached = server.Await(job->job_id(), [](const v1::Job& seen) { return seen.progress().step() == 3; });
  ASSERT_TRUE(reached.ok()) << reached.status();
  EXPECT_EQ(reached->progress().phase(), v1::PHASE_DENOISING);
  EXPECT_EQ(reached->progress().of(), 3);
  EXPECT_EQ(server.Get(job->job_id())->progress().step(), 3);
}

TEST(WatchJob, StepsAreThinnedOutAndStatesAreNot) {
  FakeRing ring;
  ring.Script({.waits = true});
  ring.Script({.steps = 500});
  TestServer server({ring.address()});
  server.Crash();
  server.options().watch_step_interval = absl::Hours(1);
  server.Start();
  const auto first = server.Submit(SmallSpec());
  ASSERT_TRUE(ring.AwaitWaiting(1));
  const auto second = server.Submit(SmallSpec());
  Watch watch(server, second->job_id());
  ASSERT_TRUE(watch.Next());
  EXPECT_EQ(watch.event().job().state(), v1::JOB_STATE_QUEUED);
  ring.Release();
  std::vector<v1::JobState> states;
  while (watch.Next()) states.push_back(watch.event().job().state());
  EXPECT_TRUE(watch.Finish().ok());
  // At most one event a state, though 500 steps passed.
  EXPECT_THAT(states, testing::AnyOf(testing::ElementsAre(v1::JOB_STATE_RUNNING, v1::JOB_STATE_SUCCEEDED),
                                     testing::ElementsAre(v1::JOB_STATE_SUCCEEDED)));
}

TEST(WatchJob, TheQueuePositionMovesUp) {
  TestServer server({});
  const auto first = server.Submit(SmallSpec());
  const auto second = server.Submit(SmallSpec());
  Watch watch(server, second->job_id());
  ASSERT_TRUE(watch.Next());
  EXPECT_EQ(watch.event().job().queue_position(), 2);
  ASSERT_TRUE(server.Cancel(first->job_id()).ok());
  ASSERT_TRUE(watch.Next());
  EXPECT_EQ(watch.event().job().queue_position(), 1);
}

TEST(WatchJob, SilenceIsFilledWithHeartbeats) {
  TestServer server({}, [](ServerConfig& config) { config.watch_heartbeat = absl::Milliseconds(10); });
  const auto job = server.Submit(SmallSpec());
  Watch watch(server, job->job_id());
  ASSERT_TRUE(watch.Next());
  EXPECT_FALSE(watch.event().heartbeat());
  const int64_t sequence = watch.event().sequence();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(watch.Next());
    EXPECT_TRUE(watch.event().heartbeat());
    EXPECT_EQ(watch.event().sequence(), sequence);
    EXPECT_EQ(watch.event().job().job_id(), job->job_id());
  }
}

TEST(WatchJob, LeavingTheStreamDoesNotTouchTheJob) {
  FakeRing ring;
  ring.Script({.waits = true});
  TestServer server({ring.address()});
  const auto job = server.Submit(SmallSpec());
  ASSERT_TRUE(server.AwaitState(job->job_id(), v1::JOB_STATE_RUNNING).ok());  // and leaves
  ring.Release();
  EXPECT_EQ(server.AwaitEnd(job->job_id())->state(), v1::JOB_STATE_SUCCEEDED);
}

TEST(WatchJob, EveryWatcherSeesTheEnd) {
  FakeRing ring;
  ring.Script({.steps = 50, .waits = true});
  TestServer server({ring.address()});
  const auto job = server.Submit(SmallSpec());
  ASSERT_TRUE(ring.AwaitWaiting(1));
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < 50; ++i) watches.push_back(std::make_unique<Watch>(server, job->job_id()));
  for (const auto& watch : watches) ASSERT_TRUE(watch->Next());
  ring.Release();
  for (const auto& watch : watches) {
    while (watch->Next()) {
    }
    EXPECT_EQ(watch->event().job().state(), v1::JOB_STATE_SUCCEEDED);
    EXPECT_TRUE(watch->Finish().ok());
  }
}

}  // namespace
}  // namespace wan

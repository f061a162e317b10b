#include "client/video_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "client/request_id.h"
#include "common/error.h"
#include "common/rpc/grpc_status.h"
#include "tests/client/fake_server.h"

namespace wan {
namespace {

using testing::ElementsAre;

const grpc::Status kGone(grpc::StatusCode::UNAVAILABLE, "gone for now");

VideoClientOptions FastOptions() {
  VideoClientOptions options;
  const RetryPolicy policy = {.give_up_after = absl::Seconds(20),
                              .first_delay = absl::Milliseconds(1),
                              .longest_delay = absl::Milliseconds(20)};
  options.call_retry = policy;
  options.stream_retry = policy;
  return options;
}

class VideoClientTest : public testing::Test {
 protected:
  VideoClient MakeClient(VideoClientOptions options = FastOptions()) {
    return VideoClient(MakeChannel(server_.address()), options, stop_.get_token());
  }

  // The steps that a watcher saw.
  absl::StatusOr<v1::Job> WatchSteps(VideoClient& client, std::vector<int>* steps) {
    return client.Watch("job-1", [&](const v1::JobEvent& event) { steps->push_back(event.job().progress().step()); });
  }

  v1::JobEvent Step(int64_t sequence, int step) {
    v1::Job job = MakeJob("job-1", v1::JOB_STATE_RUNNING);
    job.mutable_progress()->set_step(step);
    return MakeEvent(sequence, job);
  }

  v1::JobEvent End(int64_t sequence) {
    v1::Job job = MakeJob("job-1", v1::JOB_STATE_SUCCEEDED);
    job.mutable_progress()->set_step(99);
    return MakeEvent(sequence, job);
  }

  FakeServer server_;
  std::stop_source stop_;
};

TEST_F(VideoClientTest, RepeatedSubmitMakesOneJob) {
  server_.videos().FailNext("SubmitJob", kGone, 3);
  VideoClient client = MakeClient();
  const auto job = client.Submit(MakeJob("", v1::JOB_STATE_QUEUED).spec(), NewRequestId());
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->job_id(), "job-1");
  EXPECT_EQ(server_.videos().submits().size(), 4u);
  EXPECT_EQ(server_.videos().job_count(), 1u);
}

TEST_F(VideoClientTest, OtherErrorsAreNotRepeatedAndKeepTheirDetails) {
  server_.videos().FailNext("SubmitJob", ToGrpcStatus(InvalidSpecError({{"spec.width", "60 is not legal"}})));
  VideoClient client = MakeClient();
  const auto job = client.Submit({}, NewRequestId());
  EXPECT_EQ(job.status().code(), absl::StatusCode::kInvalidArgument);
  ASSERT_EQ(GetErrorDetails(job.status()).violations.size(), 1u);
  EXPECT_EQ(GetErrorDetails(job.status()).violations[0].field, "spec.width");
  EXPECT_EQ(server_.videos().submits().size(), 1u);
}

TEST_F(VideoClientTest, GivesUpWhenTheServerStaysAway) {
  server_.Stop();
  VideoClientOptions options = FastOptions();
  options.call_retry.give_up_after = absl::Milliseconds(30);
  int notices = 0;
  options.on_retry = [&](const absl::Status&) { ++notices; };
  VideoClient client = MakeClient(options);
  EXPECT_EQ(client.Get("job-1").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_GE(notices, 1);
}

TEST_F(VideoClientTest, ListFollowsPagesUpToTheLimit) {
  for (int i = 0; i < 230; ++i)
    server_.videos().SetJob(MakeJob("job-" + std::to_string(1000 + i), v1::JOB_STATE_QUEUED));
  VideoClient client = MakeClient();
  bool more = false;
  const auto some = client.List({}, 205, &more);
  ASSERT_TRUE(some.ok()) << some.status();
  EXPECT_EQ(some->size(), 205u);
  EXPECT_TRUE(more);
  EXPECT_EQ(some->back().job_id(), "job-1204");
  const auto all = client.List({}, 1000, &more);
  EXPECT_EQ(all->size(), 230u);
  EXPECT_FALSE(more);
}

TEST_F(VideoClientTest, WatchContinuesAfterBrokenStreams) {
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_RUNNING));
  server_.videos().AddWatch({.events = {Step(1, 1), Step(2, 2)}, .status = kGone});
  server_.videos().AddWatch({.events = {Step(3, 3)}, .status = grpc::Status::OK});
  server_.videos().AddWatch({.events = {}, .status = grpc::Status(grpc::StatusCode::CANCELLED, "server goes down")});
  server_.videos().AddWatch({.events = {Step(1, 4), End(2)}, .status = grpc::Status::OK});
  VideoClient client = MakeClient();
  std::vector<int> steps;
  const auto job = WatchSteps(client, &steps);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_THAT(steps, ElementsAre(1, 2, 3, 4, 99));
  EXPECT_EQ(server_.videos().watch_count(), 4);
}

TEST_F(VideoClientTest, WatchSurvivesTheServersRestart) {
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_RUNNING));
  server_.videos().AddWatch({.events = {Step(1, 1)}, .status = kGone, .holds = true});
  VideoClient client = MakeClient();
  std::vector<int> steps;
  absl::StatusOr<v1::Job> job;
  std::jthread watcher([&] { job = WatchSteps(client, &steps); });
  server_.videos().AwaitHold();
  server_.Stop();
  FakeServer restarted(server_.port());
  restarted.videos().SetJob(End(1).job());
  watcher.join();
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(steps.back(), 99);
}

TEST_F(VideoClientTest, WatchLeavesOutHeartbeatsAndOlderEvents) {
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_RUNNING));
  v1::JobEvent heartbeat = Step(5, 5);
  heartbeat.set_heartbeat(true);
  v1::JobEvent empty;
  empty.set_sequence(6);
  empty.set_heartbeat(true);
  server_.videos().AddWatch({.events = {Step(5, 5), heartbeat, empty, Step(3, 3), End(7)}, .status = grpc::Status::OK});
  VideoClient client = MakeClient();
  std::vector<int> steps;
  ASSERT_TRUE(WatchSteps(client, &steps).ok());
  EXPECT_THAT(steps, ElementsAre(5, 99));
}

TEST_F(VideoClientTest, WatchOfAnUnknownJobIsNotRepeated) {
  VideoClient client = MakeClient();
  std::vector<int> steps;
  EXPECT_EQ(WatchSteps(client, &steps).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(server_.videos().watch_count(), 1);
}

TEST_F(VideoClientTest, StopEndsASilentWatchAndLeavesTheJob) {
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_RUNNING));
  server_.videos().AddWatch({.events = {Step(1, 1)}, .status = grpc::Status::OK, .holds = true});
  VideoClient client = MakeClient();
  std::jthread stopper([this] {
    server_.videos().AwaitHold();
    stop_.request_stop();
  });
  std::vector<int> steps;
  EXPECT_EQ(WatchSteps(client, &steps).status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(server_.videos().cancelled().empty());
}

}  // namespace
}  // namespace wan

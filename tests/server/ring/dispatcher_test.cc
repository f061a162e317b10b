// What becomes of jobs on rings that work, refuse, lie and die; through a whole server, as a caller sees it.
#include "server/ring/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "common/rpc/grpc_status.h"
#include "tests/testing/test_server.h"

namespace wan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ErrorDetails DetailsOf(const v1::Job& job) { return GetErrorDetails(FromRpcStatus(job.error())); }

// Submits one small job and follows it to its end.
v1::Job RunOne(TestServer& server, const v1::GenerationSpec& spec = SmallSpec()) {
  const auto submitted = server.Submit(spec);
  if (!submitted.ok()) {
    ADD_FAILURE() << submitted.status();
    return {};
  }
  const auto job = server.AwaitEnd(submitted->job_id());
  if (!job.ok()) {
    ADD_FAILURE() << job.status();
    return {};
  }
  return *job;
}

TEST(Dispatcher, AJobGoesFromTheQueueToItsBytes) {
  FakeRing ring;
  ring.Script({.videos = {std::string(3'000'000, 'v'), "second"}, .chunk_bytes = 1 << 20});
  TestServer server({ring.address()});
  v1::GenerationSpec spec = SmallSpec();
  spec.set_num_videos(2);
  const v1::Job job = RunOne(server, spec);
  ASSERT_EQ(job.state(), v1::JOB_STATE_SUCCEEDED) << job.DebugString();
  EXPECT_EQ(job.attempt(), 1);
  EXPECT_EQ(job.ring(), "ring-0");
  ASSERT_EQ(job.videos_size(), 2);
  EXPECT_EQ(job.videos(1).seed(), 8);
  EXPECT_EQ(server.Download(job.job_id(), 0).value_or("none"), std::string(3'000'000, 'v'));
  EXPECT_EQ(server.Download(job.job_id(), 1).value_or("none"), "second");
}

TEST(Dispatcher, TheRingGetsEveryFieldOfTheSpecResolved) {
  FakeRing ring;
  TestServer server({ring.address()});
  v1::GenerationSpec spec = SmallSpec();
  spec.set_seed(6687881544318117707);
  const v1::Job job = RunOne(server, spec);
  ASSERT_EQ(ring.requests().size(), 1u);
  EXPECT_EQ(ring.requests()[0].spec().SerializeAsString(), job.spec().SerializeAsString());
  EXPECT_EQ(ring.requests()[0].spec().seed(), 6687881544318117707);
  EXPECT_TRUE(ring.requests()[0].spec().has_scheduler());
}

TEST(Dispatcher, AJobOfALostRingRunsAgainWithTheSameSpec) {
  FakeRing ring;
  ring.Script({.waits = true});
  TestServer server({ring.address()});
  const auto submitted = server.Submit(SmallSpec());
  ASSERT_TRUE(ring.AwaitWaiting(1));
  ring.Kill();
  ring.Start();
  const auto job = server.AwaitEnd(submitted->job_id());
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_SUCCEEDED) << job->DebugString();
  EXPECT_EQ(job->attempt(), 2);
  ASSERT_EQ(ring.requests().size(), 2u);
  EXPECT_EQ(ring.requests()[0].spec().SerializeAsString(), ring.requests()[1].spec().SerializeAsString());
}

TEST(Dispatcher, AJobFailsWhenItsLastAttemptLostTheRing) {
  FakeRing ring;
  ring.Script({.waits = true});
  ring.Script({.waits = true});
  TestServer server({ring.address()});
  const auto submitted = server.Submit(SmallSpec());
  for (int attempt = 1; attempt <= 2; ++attempt) {
    ASSERT_TRUE(ring.AwaitWaiting(attempt));
    ring.Kill();
    ring.Start();
  }
  const auto job = server.AwaitEnd(submitted->job_id());
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(job->error().code(), static_cast<int>(absl::StatusCode::kAborted));
  EXPECT_EQ(DetailsOf(*job).reason, kRingLost);
  EXPECT_EQ(ring.requests().size(), 2u);
}

TEST(Dispatcher, ABusyRingCostsNoAttempt) {
  FakeRing ring;
  for (int i = 0; i < 3; ++i) {
    ring.Script({.refusal = MakeError(absl::StatusCode::kResourceExhausted, kRingBusy, "runs another job")});
  }
  TestServer server({ring.address()});
  const v1::Job job = RunOne(server);
  EXPECT_EQ(job.state(), v1::JOB_STATE_SUCCEEDED) << job.DebugString();
  EXPECT_EQ(job.attempt(), 1);
  EXPECT_EQ(ring.requests().size(), 4u);
}

TEST(Dispatcher, ADrainingRingCostsNoAttemptThatCounts) {
  FakeRing ring;
  for (int i = 0; i < 3; ++i) {
    ring.Script({.error = MakeError(absl::StatusCode::kUnavailable, kRingDraining, "drains")});
  }
  TestServer server({ring.address()}, [](ServerConfig& config) { config.limits.max_attempts = 1; });
  EXPECT_EQ(RunOne(server).state(), v1::JOB_STATE_SUCCEEDED);
}

TEST(Dispatcher, AReportedErrorIsFinalAndKeepsItsDetails) {
  FakeRing ring;
  ring.Script({.error = MakeError(absl::StatusCode::kDataLoss, kNonFinite, "latents are not finite",
                                  {{"phase", "denoising"}, {"step", "1"}})});
  TestServer server({ring.address()});
  const v1::Job job = RunOne(server);
  EXPECT_EQ(job.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(job.error().code(), static_cast<int>(absl::StatusCode::kDataLoss));
  EXPECT_EQ(DetailsOf(job).reason, kNonFinite);
  EXPECT_EQ(DetailsOf(job).metadata["step"], "1");
  EXPECT_EQ(ring.requests().size(), 1u);
  EXPECT_EQ(RunOne(server).state(), v1::JOB_STATE_SUCCEEDED);  // the ring goes on
}

TEST(Dispatcher, ARingThatLiesAboutItsResultFailsTheJobAndNothingIsServed) {
  FakeRing ring;
  TestServer server({ring.address()});
  for (const FakeRun& lie : {FakeRun{.gives_wrong_size = true}, FakeRun{.gives_wrong_sha256 = true},
                             FakeRun{.chunk_bytes = 4, .skips_a_chunk = true}, FakeRun{.leaves_out_completed = true},
                             FakeRun{.videos = {}}, FakeRun{.videos = {"one", "too many"}}}) {
    ring.Script(lie);
    const v1::Job job = RunOne(server);
    EXPECT_EQ(job.state(), v1::JOB_STATE_FAILED) << job.DebugString();
    EXPECT_EQ(DetailsOf(job).reason, kStorage) << job.DebugString();
    EXPECT_TRUE(HasReason(server.Download(job.job_id()).status(), kResultNotReady));
  }
}

TEST(Dispatcher, CancelEndsARunningJobOnItsRing) {
  FakeRing ring;
  ring.Script({.waits = true});
  TestServer server({ring.address()});
  const auto submitted = server.Submit(SmallSpec());
  ASSERT_TRUE(ring.AwaitWaiting(1));
  const auto cancelled = server.Cancel(submitted->job_id());
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_TRUE(cancelled->cancel_requested());
  const auto job = server.AwaitEnd(submitted->job_id());
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(DetailsOf(*job).reason, kJobCancelled);
  EXPECT_TRUE(ring.AwaitCancelled(1));
  EXPECT_EQ(RunOne(server).state(), v1::JOB_STATE_SUCCEEDED);  // and the ring is free
}

TEST(Dispatcher, CancelEndsAQueuedJobAtOnceAndItNeverRuns) {
  FakeRing ring;
  ring.Script({.waits = true});
  TestServer server({ring.address()});
  const auto running = server.Submit(SmallSpec());
  ASSERT_TRUE(ring.AwaitWaiting(1));
  const auto queued = server.Submit(SmallSpec());
  const auto cancelled = server.Cancel(queued->job_id());
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state(), v1::JOB_STATE_CANCELLED);
  ring.Release();
  EXPECT_EQ(server.AwaitEnd(running->job_id())->state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(ring.requests().size(), 1u);
}

TEST(Dispatcher, CancelOfAFinishedJobChangesNothing) {
  FakeRing ring;
  TestServer server({ring.address()});
  const v1::Job job = RunOne(server);
  const auto after = server.Cancel(job.job_id());
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->ShortDebugString(), job.ShortDebugString());
  EXPECT_EQ(after->state(), v1::JOB_STATE_SUCCEEDED);
}

TEST(Dispatcher, AJobWhoseCodecTheRingLacksFailsAtItsStartWithTheList) {
  FakeRing ring("wan-shapes", {"ffv1", "other"});
  ring.Kill();
  TestServer server({ring.address()});
  const auto submitted = server.Submit(SmallSpec());  // h264; taken, since no ring is up
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  ring.Start();
  const auto job = server.AwaitEnd(submitted->job_id());
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(DetailsOf(*job).reason, kCodecUnavailable);
  EXPECT_THAT(job->error().message(), HasSubstr("ffv1, other"));
  EXPECT_EQ(ring.requests().size(), 0u);
}

TEST(Dispatcher, ARingOfAnotherModelThanConfiguredGetsNoJobs) {
  FakeRing wrong;
  FakeRing right;
  TestServer server({wrong.address(), right.address()},
                    [](ServerConfig& config) { config.rings[0].model = "t2v-14b"; });
  EXPECT_EQ(RunOne(server).ring(), "ring-1");
  EXPECT_EQ(wrong.requests().size(), 0u);
}

TEST(Dispatcher, TwoRingsOfAModelRunTwoJobsAtOnce) {
  FakeRing first;
  FakeRing second;
  first.Script({.waits = true});
  second.Script({.waits = true});
  TestServer server({first.address(), second.address()});
  ASSERT_TRUE(server.Submit(SmallSpec()).ok());
  ASSERT_TRUE(server.Submit(SmallSpec()).ok());
  EXPECT_TRUE(first.AwaitWaiting(1));
  EXPECT_TRUE(second.AwaitWaiting(1));
}

TEST(Dispatcher, ListsRingsAsConfiguredWithWhatTheyRun) {
  FakeRing up;
  up.Script({.waits = true});
  FakeRing down;
  down.Kill();
  TestServer server({down.address(), up.address()});
  const auto submitted = server.Submit(SmallSpec());
  ASSERT_TRUE(server.AwaitRing(1, v1::RING_STATE_BUSY));
  grpc::ClientContext context;
  v1::ListRingsResponse response;
  ASSERT_TRUE(server.admin().ListRings(&context, {}, &response).ok());
  ASSERT_EQ(response.rings_size(), 2);
  EXPECT_EQ(response.rings(0).name(), "ring-0");
  EXPECT_EQ(response.rings(0).state(), v1::RING_STATE_UNREACHABLE);
  EXPECT_NE(response.rings(0).detail(), "");
  EXPECT_EQ(response.rings(1).job_id(), submitted->job_id());
  EXPECT_EQ(response.rings(1).model(), "wan-shapes");
  EXPECT_THAT(response.rings(1).codecs(), ElementsAre("h264", "ffv1"));
}

}  // namespace
}  // namespace wan

#include "server/server_app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "common/error.h"
#include "common/rpc/grpc_status.h"
#include "server/job/sqlite_job_store.h"
#include "tests/testing/files.h"
#include "tests/testing/small_disk.h"
#include "tests/testing/test_server.h"

namespace wan {
namespace {

using testing::HasSubstr;

// grpc.health.v1.Health/Check by hand, since its proto is not shipped: 1 SERVING, 2 NOT_SERVING, -1 no answer.
int Health(TestServer& server, const std::string& service) {
  const std::string bytes = service.empty() ? "" : std::string{'\x0a', static_cast<char>(service.size())} + service;
  std::string reply;
  if (!server.CallRaw("/grpc.health.v1.Health/Check", bytes, &reply).ok()) return -1;
  return reply.size() == 2 ? reply[1] : 0;
}

bool AwaitHealth(TestServer& server, const std::string& service, int wanted) {
  for (int i = 0; i < 4000 && Health(server, service) != wanted; ++i) {
  }
  return Health(server, service) == wanted;
}

TEST(ServerApp, AfterACrashTheRunningAndTheQueuedJobRun) {
  FakeRing ring;
  ring.Script({.waits = true});
  TestServer server({ring.address()}, [](ServerConfig& config) { config.limits.max_attempts = 1; });
  const auto running = server.Submit(SmallSpec());
  ASSERT_TRUE(ring.AwaitWaiting(1));
  const auto queued = server.Submit(SmallSpec());
  server.Crash();
  server.Start();
  const auto first = server.AwaitEnd(running->job_id());
  const auto second = server.AwaitEnd(queued->job_id());
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_EQ(first->state(), v1::JOB_STATE_SUCCEEDED) << first->DebugString();  // a crash charges no attempt
  EXPECT_EQ(second->state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(server.Download(running->job_id()).value_or("none"), "bytes of a video");
}

TEST(ServerApp, ADrainLetsTheRunningJobEnd) {
  FakeRing ring;
  ring.Script({.waits = true});
  TestServer server({ring.address()});
  const auto job = server.Submit(SmallSpec());
  ASSERT_TRUE(ring.AwaitWaiting(1));
  std::thread drain([&] { server.app().Drain(); });
  ASSERT_TRUE(AwaitHealth(server, "wan.v1.VideoGeneration", 2));
  EXPECT_EQ(Health(server, ""), 2);
  EXPECT_EQ(Health(server, "wan.v1.Rings"), 2);
  absl::Status refused = server.Submit(SmallSpec()).status();
  while (refused.ok()) refused = server.Submit(SmallSpec()).status();  // it may have been a moment early
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_TRUE(HasReason(refused, kServerDraining));
  ring.Release();
  EXPECT_EQ(server.AwaitEnd(job->job_id())->state(), v1::JOB_STATE_SUCCEEDED);
  drain.join();
  EXPECT_EQ(ring.requests().size(), 1u);
}

TEST(ServerApp, ADrainPutsAJobThatTakesTooLongBackIntoTheQueueUncharged) {
  FakeRing ring;
  ring.Script({.waits = true});
  TestServer server({ring.address()}, [](ServerConfig& config) {
    config.drain_timeout = absl::Milliseconds(1);
    config.limits.max_attempts = 1;
  });
  const auto job = server.Submit(SmallSpec());
  ASSERT_TRUE(ring.AwaitWaiting(1));
  server.Drain();
  EXPECT_TRUE(ring.AwaitCancelled(1));
  {
    const auto store = SqliteJobStore::Open({.path = server.config().store_path});
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_EQ((*store)->Get(job->job_id())->state, JobState::kQueued);  // by the drain, not by the next start
  }
  ring.Kill();
  server.Start();
  EXPECT_EQ(server.Get(job->job_id())->state(), v1::JOB_STATE_QUEUED);
  ring.Start();
  EXPECT_EQ(server.AwaitEnd(job->job_id())->state(), v1::JOB_STATE_SUCCEEDED);
}

TEST(ServerApp, ADrainEndsWatchesWithTheReason) {
  TestServer server({});
  grpc::ClientContext context;
  v1::WatchJobRequest request;
  request.set_job_id(server.Submit(SmallSpec())->job_id());
  const auto reader = server.videos().WatchJob(&context, request);
  v1::JobEvent event;
  ASSERT_TRUE(reader->Read(&event));
  server.app().Drain();
  EXPECT_FALSE(reader->Read(&event));
  const absl::Status end = FromGrpcStatus(reader->Finish());
  EXPECT_TRUE(absl::IsUnavailable(end)) << end;
  EXPECT_TRUE(HasReason(end, kServerDraining)) << end;
}

TEST(ServerApp, HealthFollowsTheRings) {
  FakeRing ring;
  TestServer server({ring.address()});
  EXPECT_EQ(Health(server, ""), 1);
  EXPECT_EQ(Health(server, "wan.v1.VideoGeneration"), 1);
  EXPECT_TRUE(AwaitHealth(server, "wan.v1.Rings", 1));
  ring.Kill();
  EXPECT_TRUE(AwaitHealth(server, "wan.v1.Rings", 2));
  EXPECT_EQ(Health(server, "wan.v1.VideoGeneration"), 1);  // a durable queue takes jobs without a ring
}

TEST(ServerApp, AResultFolderThatCannotBeWrittenFailsTheJobAndTheServerLives) {
  FakeRing ring;
  TestServer server({ring.address()});
  std::filesystem::remove_all(server.config().results_path);
  const auto failed = server.AwaitEnd(server.Submit(SmallSpec())->job_id());
  ASSERT_TRUE(failed.ok()) << failed.status();
  EXPECT_EQ(failed->state(), v1::JOB_STATE_FAILED);
  EXPECT_TRUE(HasReason(FromRpcStatus(failed->error()), kStorage)) << failed->error().message();
  std::filesystem::create_directories(server.config().results_path);
  EXPECT_EQ(server.AwaitEnd(server.Submit(SmallSpec())->job_id())->state(), v1::JOB_STATE_SUCCEEDED);
}

TEST(ServerApp, AFullDiskFailsTheJobWithStorageAndEndsTheRingsCall) {
  const SmallDisk disk(512);
  if (!disk.is_mounted()) GTEST_SKIP() << "needs the right to mount";
  FakeRing ring;
  ring.Script({.videos = {std::string(4 << 20, 'v')}, .chunk_bytes = 1 << 16});
  TestServer server({ring.address()}, [&](ServerConfig& config) { config.results_path = disk.File("results"); });
  const auto failed = server.AwaitEnd(server.Submit(SmallSpec())->job_id());
  ASSERT_TRUE(failed.ok()) << failed.status();
  EXPECT_EQ(failed->state(), v1::JOB_STATE_FAILED);
  EXPECT_TRUE(HasReason(FromRpcStatus(failed->error()), kStorage)) << failed->error().message();
  EXPECT_EQ(server.AwaitEnd(server.Submit(SmallSpec())->job_id())->state(), v1::JOB_STATE_SUCCEEDED);
}

TEST(ServerApp, AJobTableOnAFullDiskRefusesJobsAndRecovers) {
  const SmallDisk disk(2048);
  if (!disk.is_mounted()) GTEST_SKIP() << "needs the right to mount";
  FakeRing ring;
  ring.Script({.waits = true});
  TestServer server({ring.address()}, [&](ServerConfig& config) { config.store_path = disk.File("jobs.db"); });
  server.Crash();
  server.options().monitor_interval = absl::Milliseconds(10);
  server.Start();
  const auto running = server.Submit(SmallSpec());
  ASSERT_TRUE(ring.AwaitWaiting(1));
  disk.Fill();
  absl::Status refused = server.Submit(SmallSpec()).status();
  while (refused.ok()) refused = server.Submit(SmallSpec()).status();  // what the log has room for
  EXPECT_TRUE(HasReason(refused, kStorage)) << refused;
  EXPECT_TRUE(AwaitHealth(server, "wan.v1.VideoGeneration", 2));
  ring.Release();  // the running job ends while nothing can be stored
  disk.Free();
  EXPECT_TRUE(AwaitHealth(server, "wan.v1.VideoGeneration", 1));
  EXPECT_EQ(server.AwaitEnd(running->job_id())->state(), v1::JOB_STATE_SUCCEEDED);
}

TEST(ServerApp, TellsTheBoundPortsInFiles) {
  TestServer server({}, [](ServerConfig& config) {
    const std::filesystem::path folder = std::filesystem::path(config.store_path).parent_path();
    config.listen_port_file = folder / "port";
    config.metrics_address = "127.0.0.1:0";
    config.metrics_port_file = folder / "metrics_port";
  });
  EXPECT_EQ(ReadFile(server.config().listen_port_file), std::to_string(server.app().port()) + "\n");
  EXPECT_EQ(ReadFile(server.config().metrics_port_file), std::to_string(server.app().metrics_port()) + "\n");
}

TEST(ServerApp, MetricsCountJobsAndCalls) {
  FakeRing ring;
  TestServer server({ring.address()}, [](ServerConfig& config) { config.metrics_address = "127.0.0.1:0"; });
  const auto job = server.Submit(SmallSpec());
  ASSERT_EQ(server.AwaitEnd(job->job_id())->state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_FALSE(server.Submit({}).ok());
  // Counted after the watcher has seen the end; the server is idle once it is drained, and its endpoint still answers.
  server.app().Drain();
  const std::string text = server.Metrics();
  for (const char* line :
       {"wan_jobs_total{model=\"wan-shapes\",outcome=\"succeeded\",reason=\"\",task=\"t2v\"} 1",
        "wan_admission_rejections_total{reason=\"MODEL_NOT_SERVED\"} 1", "wan_output_bytes_total{codec=\"h264\"} 16",
        "wan_phase_duration_seconds_sum{model=\"wan-shapes\",phase=\"denoising\"} 3",
        "wan_grpc_server_handled_total{code=\"OK\",method=\"wan.v1.VideoGeneration/SubmitJob\"} 1",
        "wan_grpc_server_handled_total{code=\"NOT_FOUND\",method=\"wan.v1.VideoGeneration/SubmitJob\"} 1"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(ServerApp, APortThatIsTakenIsAnErrorThatNamesIt) {
  TestServer server({});
  ServerConfig config = server.config();
  config.listen_address = server.app().address();
  config.store_path += ".other";
  const auto second = ServerApp::Start(config, {});
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(config.listen_address));
}

TEST(ServerApp, AnAddressThatOthersCanReachNeedsTheFlag) {
  TestServer server({});
  ServerConfig config = server.config();
  config.listen_address = "0.0.0.0:0";
  config.store_path += ".other";
  EXPECT_FALSE(ServerApp::Start(config, {}).ok());
  EXPECT_TRUE(ServerApp::Start(config, {.insecure = true}).ok());
}

}  // namespace
}  // namespace wan

// RingService over a real gRPC server and client. The compute thread is the test's own: it takes the job out of the
// mailbox and does what the test says.
#include "worker/service/ring_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/generation/spec_proto.h"
#include "common/rpc/grpc_status.h"
#include "tests/testing/files.h"
#include "worker/service/ring_server.h"

namespace wan {
namespace {

using ::testing::HasSubstr;
using worker::v1::ExecuteEvent;

constexpr char kCatalog[] = R"(
models:
  - name: tiny
    display_name: Tiny
    tasks: [t2v]
    defaults: {width: 64, height: 64, num_frames: 17, fps: 16, num_steps: 20, guidance_scale: 4, flow_shift: 3,
               scheduler: unipc, negative_prompt: ""}
    limits: {size_multiple: 16, min_side: 16, max_side: 128, max_pixels: 16384, max_frames: 81, max_steps: 1000,
             max_videos: 8, max_prompt_bytes: 2048}
)";

class RingServiceTest : public ::testing::Test {
 public:
  static worker::v1::ExecuteRequest Request(const std::string& job_id = "job-1") {
    GenerationSpec spec;
    spec.model = "tiny";
    spec.prompt = "a red ball";
    spec.width = spec.height = 32;
    spec.num_frames = 5;
    spec.num_steps = 2;
    spec.guidance_scale = 4;
    spec.flow_shift = 3;
    spec.seed = 6687881544318117707;
    spec.num_videos = 2;
    worker::v1::ExecuteRequest request;
    request.set_job_id(job_id);
    request.set_attempt(1);
    *request.mutable_spec() = SpecToProto(spec);
    return request;
  }

 protected:
  RingServiceTest()
      : catalog_(*ModelCatalog::Parse(kCatalog, "models.yaml")), scratch_(*ScratchDir::Open(folder_.path())) {
    status_.SetReady("f32");
    server_ = *RingServer::Start("127.0.0.1:0", catalog_, *scratch_, status_, mailbox_);
    stub_ = worker::v1::RingWorker::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()), grpc::InsecureChannelCredentials()));
  }

  // The status of a call that is refused or runs to its end; `events` may be null.
  absl::Status Execute(const worker::v1::ExecuteRequest& request, std::vector<ExecuteEvent>* events = nullptr) {
    grpc::ClientContext context;
    const auto reader = stub_->Execute(&context, request);
    for (ExecuteEvent event; reader->Read(&event);) {
      if (events != nullptr) events->push_back(event);
    }
    return FromGrpcStatus(reader->Finish());
  }

  // Runs `compute` in the place of the compute thread for the next job.
  std::thread Compute(std::function<void(JobRun&)> compute) {
    return std::thread([this, compute = std::move(compute)] {
      const auto job = mailbox_.Pop();
      if (job.has_value()) compute(**job);
    });
  }

  static void WaitUntilCancelled(const JobRun& job) {
    while (!job.cancelled()) std::this_thread::yield();
  }

  int64_t ScratchEntries() const {
    int64_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(scratch_->path())) {
      count += entry.is_directory() ? 1 : 0;
    }
    return count;
  }

  // Waits for the handler of the running call to be gone.
  void WaitUntilReady() {
    RingStatus::Snapshot now = status_.Get();
    while (now.state == RingState::kBusy) now = status_.WaitForChange(now.revision, absl::InfiniteDuration());
  }

  const TemporaryFolder folder_;
  const ModelCatalog catalog_;
  const std::unique_ptr<ScratchDir> scratch_;
  RingStatus status_{RingInfo{.model = "tiny", .layout = "1", .generation = 7, .codecs = {"h264"}}};
  JobMailbox mailbox_{1};
  std::unique_ptr<RingServer> server_;
  std::unique_ptr<worker::v1::RingWorker::Stub> stub_;
};

TEST_F(RingServiceTest, StreamsStartProgressEachVideoInChunksAndTheResult) {
  std::string large((1 << 20) + 3, 'x');
  std::thread compute = Compute([&](JobRun& job) {
    EXPECT_EQ(job.spec().seed, 6687881544318117707);
    job.Publish({.phase = Phase::kDenoising,
                 .step = 1,
                 .of = 2,
                 .step_duration = absl::Milliseconds(1500),
                 .remaining_duration = absl::Seconds(3)});
    JobResult result;
    const std::string contents[] = {large, "small"};
    for (int64_t i = 0; i < 2; ++i) {
      const std::string path = absl::StrCat(job.scratch_dir(), "/video-", i);
      WriteFile(path, contents[i]);
      result.videos.push_back({.index = i,
                               .path = path,
                               .size_bytes = static_cast<int64_t>(contents[i].size()),
                               .num_frames = 5,
                               .sha256 = absl::StrCat("sha", i)});
    }
    result.phases = {{.phase = Phase::kDecoding, .duration = absl::Seconds(2)}};
    result.transformer_forwards = 8;
    job.Finish(result);
  });
  std::vector<ExecuteEvent> events;
  const absl::Status status = Execute(Request(), &events);
  compute.join();
  ASSERT_TRUE(status.ok()) << status;

  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(events[0].started().generation(), 7);
  EXPECT_EQ(events[1].progress().phase(), wan::v1::PHASE_DENOISING);
  EXPECT_EQ(events[1].progress().step(), 1);
  EXPECT_EQ(events[1].progress().step_duration().nanos(), 500'000'000);
  EXPECT_EQ(events[1].progress().remaining_duration().seconds(), 3);
  EXPECT_EQ(events[2].chunk().data().size(), size_t{1} << 20);
  EXPECT_EQ(events[3].chunk().offset(), 1 << 20);
  EXPECT_EQ(events[2].chunk().data() + events[3].chunk().data(), large);
  EXPECT_EQ(events[4].chunk().video_index(), 1);
  EXPECT_EQ(events[4].chunk().data(), "small");
  const worker::v1::Completed& completed = events[5].completed();
  ASSERT_EQ(completed.videos_size(), 2);
  EXPECT_EQ(completed.videos(1).seed(), 6687881544318117708);
  EXPECT_EQ(completed.videos(1).container(), "mp4");
  EXPECT_EQ(completed.videos(1).sha256(), "sha1");
  EXPECT_EQ(completed.durations(0).phase(), wan::v1::PHASE_DECODING);
  EXPECT_EQ(completed.transformer_forwards(), 8);
  EXPECT_EQ(ScratchEntries(), 0);
  EXPECT_EQ(status_.Get().state, RingState::kReady) << "the ring must be free before its caller knows of the end";
}

TEST_F(RingServiceTest, ErrorOfTheJobArrivesWithReasonAndMetadataAndItsFilesGo) {
  std::thread compute = Compute([&](JobRun& job) {
    WriteFile(job.scratch_dir() + "/video-0", "half");
    job.Finish(MakeError(absl::StatusCode::kDataLoss, kNonFinite, "not finite", {{"step", "2"}}));
  });
  const absl::Status status = Execute(Request());
  compute.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(GetErrorDetails(status).reason, kNonFinite);
  EXPECT_EQ(GetErrorDetails(status).metadata.at("step"), "2");
  EXPECT_EQ(ScratchEntries(), 0);
}

TEST_F(RingServiceTest, VideoThatIsShorterThanItsResultSaysIsAStorageError) {
  std::thread compute = Compute([&](JobRun& job) {
    WriteFile(job.scratch_dir() + "/v", "1234");
    job.Finish(JobResult{.videos = {{.path = job.scratch_dir() + "/v", .size_bytes = 9}}});
  });
  const absl::Status status = Execute(Request());
  compute.join();
  EXPECT_TRUE(HasReason(status, kStorage));
  EXPECT_THAT(std::string(status.message()), HasSubstr("ends at byte 4 of 9"));
}

TEST_F(RingServiceTest, SpecIsCheckedAgainAgainstTheCatalog) {
  worker::v1::ExecuteRequest request = Request();
  request.mutable_spec()->set_width(33);
  request.mutable_spec()->set_num_frames(6);
  const absl::Status status = Execute(request);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetErrorDetails(status).violations.size(), 2u) << status;
  EXPECT_EQ(status_.Get().state, RingState::kReady);
}

TEST_F(RingServiceTest, IncompleteSpecIsRefused) {
  worker::v1::ExecuteRequest request = Request();
  request.mutable_spec()->clear_seed();
  EXPECT_EQ(Execute(request).code(), absl::StatusCode::kInvalidArgument);
  request = Request("");
  EXPECT_EQ(Execute(request).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RingServiceTest, OtherModelIsNotServed) {
  worker::v1::ExecuteRequest request = Request();
  request.mutable_spec()->set_model("t2v-14b");
  EXPECT_TRUE(HasReason(Execute(request), kModelNotServed));
}

TEST_F(RingServiceTest, CodecThatThisMachineLacksIsRefusedWithTheListOfThoseItHas) {
  worker::v1::ExecuteRequest request = Request();
  request.mutable_spec()->set_codec("ffv1");
  const absl::Status status = Execute(request);
  EXPECT_TRUE(HasReason(status, kCodecUnavailable));
  EXPECT_THAT(std::string(status.message()), HasSubstr("h264"));
}

TEST_F(RingServiceTest, SecondCallIsBusyAndTheFirstGoesOn) {
  absl::Status second;
  std::thread compute = Compute([&](JobRun& job) {
    second = Execute(Request("job-2"));
    job.Finish(JobResult{});
  });
  const absl::Status first = Execute(Request("job-1"));
  compute.join();
  EXPECT_TRUE(first.ok()) << first;
  EXPECT_EQ(second.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(HasReason(second, kRingBusy));
}

TEST_F(RingServiceTest, DrainingRingFinishesItsJobAndRefusesTheNext) {
  absl::Status next;
  std::thread compute = Compute([&](JobRun& job) {
    status_.Drain();
    next = Execute(Request("job-2"));
    job.Finish(JobResult{});
  });
  EXPECT_TRUE(Execute(Request("job-1")).ok());
  compute.join();
  EXPECT_EQ(next.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(HasReason(next, kRingDraining));
  status_.WaitUntilOver();
}

TEST_F(RingServiceTest, CancelledCallCancelsTheJobAndTheRingIsFreeAgain) {
  grpc::ClientContext context;
  std::thread compute = Compute([&](JobRun& job) {
    context.TryCancel();
    WaitUntilCancelled(job);
    job.Finish(MakeError(absl::StatusCode::kCancelled, kJobCancelled, "cancelled"));
  });
  const auto reader = stub_->Execute(&context, Request());
  for (ExecuteEvent event; reader->Read(&event);) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  compute.join();
  WaitUntilReady();
  EXPECT_EQ(ScratchEntries(), 0);
}

// The client of the test below, in a process of its own.
TEST(RingServiceClientProcess, DISABLED_ExecutesUntilItIsKilled) {
  const auto stub =
      worker::v1::RingWorker::NewStub(grpc::CreateChannel(std::getenv("RING"), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  const auto reader = stub->Execute(&context, RingServiceTest::Request());
  for (ExecuteEvent event; reader->Read(&event);) {
  }
}

TEST_F(RingServiceTest, KilledClientCancelsTheJob) {
  std::string arguments[] = {"test", "--gtest_filter=RingServiceClientProcess.*", "--gtest_also_run_disabled_tests"};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(), nullptr};
  std::string ring = absl::StrCat("RING=127.0.0.1:", server_->port());
  char* environment[] = {ring.data(), nullptr};
  pid_t client = 0;
  ASSERT_EQ(::posix_spawn(&client, "/proc/self/exe", nullptr, nullptr, argv, environment), 0);
  const auto job = mailbox_.Pop();
  ASSERT_TRUE(job.has_value());
  ::kill(client, SIGKILL);
  ::waitpid(client, nullptr, 0);
  WaitUntilCancelled(**job);
  (*job)->Finish(MakeError(absl::StatusCode::kCancelled, kJobCancelled, "cancelled"));
  WaitUntilReady();
  EXPECT_EQ(ScratchEntries(), 0);
}

TEST_F(RingServiceTest, DeadlineOfTheCallIsTheJobs) {
  const auto deadline = std::chrono::system_clock::now() + std::chrono::hours(1);
  std::thread compute = Compute([&](JobRun& job) {
    EXPECT_NEAR(absl::ToDoubleSeconds(job.deadline() - absl::FromChrono(deadline)), 0, 600);  // gRPC rounds it
    job.Finish(MakeError(absl::StatusCode::kDeadlineExceeded, kJobTimeout, "the job's time ran out"));
  });
  grpc::ClientContext context;
  context.set_deadline(deadline);
  const auto reader = stub_->Execute(&context, Request());
  for (ExecuteEvent event; reader->Read(&event);) {
  }
  EXPECT_TRUE(HasReason(FromGrpcStatus(reader->Finish()), kJobTimeout));
  compute.join();
}

TEST_F(RingServiceTest, CallWhoseTimeRunsOutCancelsTheJob) {
  std::thread compute = Compute([&](JobRun& job) {
    WaitUntilCancelled(job);
    job.Finish(MakeError(absl::StatusCode::kDeadlineExceeded, kJobTimeout, "the job's time ran out"));
  });
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  const auto reader = stub_->Execute(&context, Request());
  for (ExecuteEvent event; reader->Read(&event);) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  compute.join();
  WaitUntilReady();
}

TEST_F(RingServiceTest, WatchTellsTheStateNowEachChangeAndEndsWithTheServer) {
  grpc::ClientContext context;
  const auto reader = stub_->Watch(&context, {});
  worker::v1::RingStatus now;
  ASSERT_TRUE(reader->Read(&now));
  EXPECT_EQ(now.state(), wan::v1::RING_STATE_READY);
  EXPECT_EQ(now.model(), "tiny");
  EXPECT_EQ(now.dtype(), "f32");
  EXPECT_EQ(now.generation(), 7);
  EXPECT_EQ(now.world_size(), 1);
  ASSERT_EQ(now.codecs_size(), 1);

  std::thread compute = Compute([&](JobRun& job) {
    do {
      ASSERT_TRUE(reader->Read(&now));
    } while (now.state() != wan::v1::RING_STATE_BUSY);
    EXPECT_EQ(now.job_id(), "job-1");
    status_.Drain();
    do {
      ASSERT_TRUE(reader->Read(&now));
    } while (now.state() != wan::v1::RING_STATE_DRAINING);
    job.Finish(JobResult{});
  });
  EXPECT_TRUE(Execute(Request()).ok());
  compute.join();
  server_->Shutdown(absl::Seconds(10));
  while (reader->Read(&now)) {
  }
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(RingServiceTest, WatchRepeatsTheStateAsAHeartbeat) {
  RingService service({.catalog = catalog_, .scratch = *scratch_, .status = status_, .mailbox = mailbox_},
                      {.heartbeat = absl::Milliseconds(5)});
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto stub = worker::v1::RingWorker::NewStub(server->InProcessChannel({}));
  grpc::ClientContext context;
  const auto reader = stub->Watch(&context, {});
  worker::v1::RingStatus now;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(reader->Read(&now));
  context.TryCancel();
  reader->Finish();
  server->Shutdown();
}

TEST_F(RingServiceTest, TakenPortIsNamed) {
  const std::string address = absl::StrCat("127.0.0.1:", server_->port());
  RingStatus status(RingInfo{});
  const auto second = RingServer::Start(address, catalog_, *scratch_, status, mailbox_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
}

}  // namespace
}  // namespace wan

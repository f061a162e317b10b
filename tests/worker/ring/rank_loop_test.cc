#include "worker/ring/rank_loop.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "common/error.h"
#include "worker/pipeline/frame_sink.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

using Script = std::function<absl::Status(StepGate& gate, FrameSink& sink)>;

class ScriptedPipeline final : public GenerationPipeline {
 public:
  explicit ScriptedPipeline(const Script& script) : script_(script) {}
  absl::Status Run(const GenerationSpec&, StepGate& gate, FrameSink* sink) override { return script_(gate, *sink); }
  std::string dtype() const override { return "f32"; }
  int64_t weights_bytes() const override { return 42; }

 private:
  const Script& script_;
};

class CountingOutput final : public VideoOutput, public FrameSink {
 public:
  explicit CountingOutput(absl::Status finish, int* alive) : finish_(std::move(finish)), alive_(alive) { ++*alive_; }
  ~CountingOutput() override { --*alive_; }
  FrameSink& sink() override { return *this; }
  absl::Status Accept(int64_t, at::Tensor frames) override {
    frames_ += frames.size(0);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<RenderedVideo>> Finish() override {
    if (!finish_.ok()) return finish_;
    return std::vector<RenderedVideo>{{.index = 0, .path = "p", .size_bytes = 3, .num_frames = frames_}};
  }

 private:
  const absl::Status finish_;
  int* const alive_;
  int64_t frames_ = 0;
};

Progress Step(int64_t step) {
  return {.phase = Phase::kDenoising, .step = step, .of = 2, .step_seconds = 1, .transformer_forwards = step};
}

absl::Status TwoSteps(StepGate& gate, FrameSink& sink) {
  for (int64_t step = 1; step <= 2; ++step) {
    if (absl::Status status = gate.Pass(Step(step), absl::OkStatus()); !status.ok()) return status;
  }
  return sink.Accept(0, at::empty({5, 2, 2, 3}, at::kByte));
}

class RankLoopTest : public ::testing::Test {
 protected:
  void Start(absl::Status load = absl::OkStatus()) {
    loop_ = std::make_unique<RankLoop>(
        RankLoop::Options{.load = [this, load]() -> absl::StatusOr<std::unique_ptr<GenerationPipeline>> {
                            if (on_load_) on_load_();
                            if (!load.ok()) return load;
                            return std::make_unique<ScriptedPipeline>(script_);
                          },
                          .open_output = [this](const JobRun&) -> absl::StatusOr<std::unique_ptr<VideoOutput>> {
                            if (!open_.ok()) return open_;
                            return std::make_unique<CountingOutput>(finish_, &outputs_alive_);
                          },
                          .free_memory = [] { return 7; },
                          .step_passed = {}},
        status_, mailbox_, metrics_, clock_);
  }

  // Runs `script` as one job of a loop that is started where necessary, and waits for its end.
  absl::StatusOr<JobResult> Run(Script script, absl::Time deadline = absl::InfiniteFuture()) {
    script_ = std::move(script);
    if (loop_ == nullptr) Start();
    job_ = std::make_shared<JobRun>(JobRun::Options{.job_id = "j", .deadline = deadline});
    EXPECT_TRUE(mailbox_.TryPush(job_));
    while (!job_->finished()) job_->TakeProgress(absl::InfiniteDuration());
    return job_->result();
  }

  Script script_;
  std::function<void()> on_load_;
  absl::Status open_;
  absl::Status finish_;
  int outputs_alive_ = 0;
  RealClock clock_;
  prometheus::Registry registry_;
  RingMetrics metrics_{registry_, "m"};
  RingStatus status_{RingInfo{.model = "m"}};
  JobMailbox mailbox_{1};
  std::shared_ptr<JobRun> job_;
  std::unique_ptr<RankLoop> loop_;
};

TEST_F(RankLoopTest, JobThatSucceedsGivesVideosPhasesAndForwards) {
  const absl::StatusOr<JobResult> result = Run(TwoSteps);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->videos.size(), 1u);
  EXPECT_EQ(result->videos[0].num_frames, 5);
  EXPECT_EQ(result->transformer_forwards, 2);
  EXPECT_EQ(result->phases.front().phase, Phase::kDenoising);
  EXPECT_EQ(result->phases.back().phase, Phase::kMuxing);
  EXPECT_EQ(outputs_alive_, 0) << "the output must be closed before the job's caller knows of its end";
  EXPECT_TRUE(loop_->failure().ok());
}

TEST_F(RankLoopTest, ComputesWithoutAutograd) {
  bool inference = false;
  ASSERT_TRUE(Run([&](StepGate&, FrameSink&) {
                inference = c10::InferenceMode::is_enabled();
                return absl::OkStatus();
              }).ok());
  EXPECT_TRUE(inference);
}

TEST_F(RankLoopTest, CancelDuringAStepEndsTheJobAtItsGateAndTheNextJobRuns) {
  const absl::StatusOr<JobResult> cancelled = Run([this](StepGate& gate, FrameSink&) {
    job_->Cancel();
    const absl::Status status = gate.Pass(Step(1), absl::OkStatus());
    EXPECT_FALSE(status.ok());
    return status;
  });
  EXPECT_EQ(cancelled.status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(Run(TwoSteps).ok());
}

TEST_F(RankLoopTest, DeadlineIsReportedAsTimeout) {
  const absl::StatusOr<JobResult> late = Run(TwoSteps, clock_.Now() - absl::Seconds(1));
  EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(HasReason(late.status(), kJobTimeout));
}

TEST_F(RankLoopTest, ReportedErrorPassesThroughUnchangedAndTheRingLives) {
  const absl::Status non_finite =
      MakeError(absl::StatusCode::kDataLoss, kNonFinite, "not finite", {{"phase", "denoising"}, {"step", "2"}});
  EXPECT_EQ(Run([&](StepGate& gate, FrameSink&) { return gate.Pass(Step(2), non_finite); }).status(), non_finite);
  EXPECT_TRUE(loop_->failure().ok());
  EXPECT_TRUE(Run(TwoSteps).ok());
}

TEST_F(RankLoopTest, OutputThatCannotOpenOrFinishFailsTheJobAlone) {
  open_ = MakeError(absl::StatusCode::kInternal, kStorage, "disk full");
  EXPECT_EQ(Run(TwoSteps).status(), open_);
  open_ = absl::OkStatus();
  finish_ = MakeError(absl::StatusCode::kInternal, kEncodeFailed, "encoder");
  EXPECT_EQ(Run(TwoSteps).status(), finish_);
  finish_ = absl::OkStatus();
  EXPECT_TRUE(Run(TwoSteps).ok());
}

TEST_F(RankLoopTest, ThrownErrorTellsTheCallerAndEndsTheRank) {
  const absl::StatusOr<JobResult> lost = Run([](StepGate&, FrameSink&) -> absl::Status {
    TORCH_CHECK(false, "device-side assert");
    return absl::OkStatus();
  });
  EXPECT_EQ(lost.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(HasReason(lost.status(), kRingLost));
  EXPECT_THAT(std::string(lost.status().message()), HasSubstr("device-side assert"));
  EXPECT_EQ(loop_->failure(), lost.status());
  EXPECT_TRUE(HasReason(status_.BeginJob("next"), kRingLost));
  EXPECT_EQ(outputs_alive_, 0);
}

TEST_F(RankLoopTest, ThrownStandardExceptionEndsTheRankToo) {
  EXPECT_TRUE(
      HasReason(Run([](StepGate&, FrameSink&) -> absl::Status { throw std::runtime_error("x"); }).status(), kRingLost));
  EXPECT_FALSE(loop_->failure().ok());
}

TEST_F(RankLoopTest, HostMemoryThatRunsOutFailsTheJobWithTheNumbersAndTheRingLives) {
  const absl::StatusOr<JobResult> result = Run([](StepGate&, FrameSink&) {
    at::empty({int64_t{1} << 60}, at::kByte);
    return absl::OkStatus();
  });
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(HasReason(result.status(), kDeviceOutOfMemory));
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("1152921504606846976"));
  EXPECT_TRUE(loop_->failure().ok());
  EXPECT_TRUE(Run(TwoSteps).ok());
}

TEST_F(RankLoopTest, DeviceMemoryThatRunsOutIsReportedLikewise) {
  EXPECT_TRUE(HasReason(Run([](StepGate&, FrameSink&) -> absl::Status {
                          TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate 8 GiB");
                          return absl::OkStatus();
                        }).status(),
                        kDeviceOutOfMemory));
  EXPECT_TRUE(HasReason(Run([](StepGate&, FrameSink&) -> absl::Status { throw std::bad_alloc(); }).status(),
                        kDeviceOutOfMemory));
  EXPECT_TRUE(loop_->failure().ok());
}

TEST_F(RankLoopTest, LoadErrorIsTheFailureAndTheRingIsOver) {
  const absl::Status bad = absl::DataLossError("model.safetensors: tensor a: ends at byte 12");
  Start(bad);
  status_.WaitUntilOver();
  EXPECT_EQ(loop_->failure(), bad);
}

TEST_F(RankLoopTest, RingIsLoadingUntilThePipelineIsThere) {
  absl::Notification loading;
  absl::Notification go;
  on_load_ = [&] {
    loading.Notify();
    go.WaitForNotification();
  };
  Start();
  loading.WaitForNotification();
  const RingStatus::Snapshot before = status_.Get();
  EXPECT_EQ(before.state, RingState::kLoading);
  go.Notify();
  const RingStatus::Snapshot after = status_.WaitForChange(before.revision, absl::InfiniteDuration());
  EXPECT_EQ(after.state, RingState::kReady);
  EXPECT_EQ(after.dtype, "f32");
}

TEST_F(RankLoopTest, DestructorWaitsForTheJobThatRuns) {
  absl::Notification started;
  absl::Notification go;
  script_ = [&](StepGate& gate, FrameSink& sink) {
    started.Notify();
    go.WaitForNotification();
    return TwoSteps(gate, sink);
  };
  Start();
  const auto job = std::make_shared<JobRun>(JobRun::Options{.job_id = "j"});
  ASSERT_TRUE(mailbox_.TryPush(job));
  started.WaitForNotification();
  go.Notify();
  loop_.reset();
  EXPECT_TRUE(job->finished());
  EXPECT_TRUE(job->result().ok());
}

}  // namespace
}  // namespace wan

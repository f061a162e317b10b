#include "worker/ring/ring_gate.h"

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <map>
#include <string>

#include "common/error.h"
#include "common/version.h"
#include "tests/testing/fake_clock.h"

namespace wan {
namespace {

class RingGateTest : public ::testing::Test {
 protected:
  RingGateTest() : job_(MakeOptions()) {}

  JobRun::Options MakeOptions() {
    JobRun::Options options = {.job_id = "j", .deadline = clock_.Now() + absl::Seconds(100)};
    options.spec.width = options.spec.height = 16;
    options.spec.num_frames = 1;
    options.spec.num_steps = 4;
    options.spec.guidance_scale = 5;
    return options;
  }

  Progress Step(int64_t step, int64_t forwards) {
    clock_.Advance(absl::Seconds(2));
    return {.phase = Phase::kDenoising, .step = step, .of = 4, .step_seconds = 2, .transformer_forwards = forwards};
  }

  // Value of a counter or gauge, or sum of a histogram; -1 when there is no such series.
  double Value(const std::string& name, const std::map<std::string, std::string>& labels) {
    for (const prometheus::MetricFamily& family : registry_.Collect()) {
      if (family.name != name) continue;
      for (const prometheus::ClientMetric& metric : family.metric) {
        std::map<std::string, std::string> found;
        for (const auto& label : metric.label) found[label.name] = label.value;
        if (found != labels) continue;
        if (family.type == prometheus::MetricType::Counter) return metric.counter.value;
        if (family.type == prometheus::MetricType::Gauge) return metric.gauge.value;
        return metric.histogram.sample_sum;
      }
    }
    return -1;
  }

  FakeClock clock_;
  prometheus::Registry registry_;
  RingMetrics metrics_{registry_, "m"};
  LearntRates rates_;
  JobRun job_;
  int steps_passed_ = 0;
  const std::function<void()> step_passed_ = [this] { ++steps_passed_; };
  RingGate gate_{{.job = job_, .rates = rates_, .metrics = metrics_, .clock = clock_, .step_passed = step_passed_}};
};

TEST_F(RingGateTest, ProgressCarriesMeanStepAndRemainingTime) {
  ASSERT_TRUE(gate_.Pass(Step(1, 2), absl::OkStatus()).ok());
  const auto progress = job_.TakeProgress(absl::ZeroDuration());
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->phase, Phase::kDenoising);
  EXPECT_EQ(progress->step, 1);
  EXPECT_EQ(progress->of, 4);
  EXPECT_EQ(progress->step_duration, absl::Seconds(2));
  EXPECT_EQ(*progress->remaining_duration, absl::Seconds(6));
}

TEST_F(RingGateTest, LocalVerdictComesFirstAndUnchanged) {
  job_.Cancel();
  const absl::Status local = MakeError(absl::StatusCode::kDataLoss, kNonFinite, "step 1", {{"step", "1"}});
  EXPECT_EQ(gate_.Pass(Step(1, 2), local), local);
  EXPECT_EQ(steps_passed_, 0);
}

TEST_F(RingGateTest, CancelledJobEndsAtTheNextGate) {
  ASSERT_TRUE(gate_.Pass(Step(1, 2), absl::OkStatus()).ok());
  job_.Cancel();
  const absl::Status status = gate_.Pass(Step(2, 4), absl::OkStatus());
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(HasReason(status, kJobCancelled));
}

TEST_F(RingGateTest, DeadlineEndsTheJobAlsoWhenItsCallIsCancelledByIt) {
  clock_.Advance(absl::Seconds(100));
  job_.Cancel();
  const absl::Status status = gate_.Pass(Step(1, 2), absl::OkStatus());
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(HasReason(status, kJobTimeout));
}

TEST_F(RingGateTest, TimeCountsForThePhaseThatPassed) {
  clock_.Advance(absl::Seconds(3));
  ASSERT_TRUE(gate_.Pass({.phase = Phase::kEncodingText, .step = 1, .of = 1}, absl::OkStatus()).ok());
  ASSERT_TRUE(gate_.Pass(Step(1, 2), absl::OkStatus()).ok());
  ASSERT_TRUE(gate_.Pass(Step(2, 4), absl::OkStatus()).ok());
  gate_.Enter(Phase::kMuxing);
  clock_.Advance(absl::Seconds(7));
  gate_.End();
  ASSERT_EQ(gate_.phases().size(), 3u);
  EXPECT_EQ(gate_.phases()[0].duration, absl::Seconds(3));
  EXPECT_EQ(gate_.phases()[1].duration, absl::Seconds(4));
  EXPECT_EQ(gate_.phases()[2].phase, Phase::kMuxing);
  EXPECT_EQ(gate_.phases()[2].duration, absl::Seconds(7));
  EXPECT_EQ(gate_.transformer_forwards(), 4);
  EXPECT_EQ(Value("wan_phase_duration_seconds", {{"phase", "muxing"}, {"model", "m"}}), 7);
}

TEST_F(RingGateTest, MetricsCountStepsAndForwardsByBranch) {
  ASSERT_TRUE(gate_.Pass(Step(1, 2), absl::OkStatus()).ok());
  ASSERT_TRUE(gate_.Pass(Step(2, 4), absl::OkStatus()).ok());
  const std::string forwards = "wan_transformer_forwards_total";
  EXPECT_EQ(Value(forwards, {{"model", "m"}, {"expert", "transformer"}, {"branch", "cond"}}), 2);
  EXPECT_EQ(Value(forwards, {{"model", "m"}, {"expert", "transformer"}, {"branch", "uncond"}}), 2);
  EXPECT_EQ(Value("wan_step_duration_seconds", {{"model", "m"}, {"expert", "transformer"}, {"kind", "computed"}}), 4);
  EXPECT_EQ(steps_passed_, 2);
}

TEST_F(RingGateTest, EverySeriesExistsBeforeTheFirstJob) {
  EXPECT_EQ(Value("wan_rank_up", {{"rank", "0"}}), 0);
  EXPECT_EQ(Value("wan_build_info", {{"version", BuildVersion()}}), 1);
  EXPECT_EQ(Value("wan_weights_load_seconds", {{"model", "m"}, {"source", "checkpoint"}}), 0);
  for (const char* phase : {"encoding_text", "denoising", "decoding", "muxing"}) {
    EXPECT_EQ(Value("wan_phase_duration_seconds", {{"phase", phase}, {"model", "m"}}), 0) << phase;
  }
  for (const char* codec : {"h264", "ffv1"}) {
    EXPECT_EQ(Value("wan_output_frames_total", {{"codec", codec}}), 0) << codec;
    EXPECT_EQ(Value("wan_output_bytes_total", {{"codec", codec}}), 0) << codec;
    EXPECT_EQ(Value("wan_encode_duration_seconds", {{"codec", codec}}), 0) << codec;
  }
}

}  // namespace
}  // namespace wan

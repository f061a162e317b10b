#include "server/metrics/server_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "common/error.h"

namespace wan {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kCatalog[] = R"(
models:
  - name: m
    display_name: M
    tasks: [t2v]
    defaults: {width: 64, height: 64, num_frames: 5, fps: 16, num_steps: 2, guidance_scale: 4, flow_shift: 3}
    limits: {}
)";

class ServerMetricsTest : public testing::Test {
 protected:
  std::string Text() { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

  static Job EndedJob(JobState state, const absl::Status& error) {
    Job job;
    job.resolved.spec.model = "m";
    job.resolved.spec.width = 64;
    job.resolved.spec.height = 64;
    job.state = state;
    job.error = error;
    job.create_time = absl::FromUnixSeconds(100);
    job.start_time = absl::FromUnixSeconds(103);
    job.end_time = absl::FromUnixSeconds(110);
    job.attempt = 1;
    return job;
  }

  const ModelCatalog catalog_ = *ModelCatalog::Parse(kCatalog, "test");
  prometheus::Registry registry_;
  ServerMetrics metrics_{registry_, catalog_, {"ring-0"}};
};

TEST_F(ServerMetricsTest, KnownSeriesAreThereWithZeroFromTheStart) {
  const std::string text = Text();
  for (const char* line :
       {"wan_jobs_total{model=\"m\",outcome=\"failed\",reason=\"RING_LOST\",task=\"t2v\"} 0",
        "wan_queue_jobs{model=\"m\",priority=\"normal\"} 0",
        "wan_queue_oldest_age_seconds{model=\"m\",priority=\"normal\"} 0", "wan_ring_ready{ring=\"ring-0\"} 0",
        "wan_job_retries_total{reason=\"RING_LOST\",ring=\"ring-0\"} 0",
        "wan_admission_rejections_total{reason=\"QUEUE_FULL\"} 0", "wan_output_bytes_total{codec=\"h264\"} 0",
        "wan_grpc_server_handled_total{code=\"OK\",method=\"wan.v1.VideoGeneration/SubmitJob\"} 0",
        "wan_phase_duration_seconds_count{model=\"m\",phase=\"denoising\"} 0"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, HasSubstr("wan_build_info{version="));
}

TEST_F(ServerMetricsTest, CountsAnEndedJobByOutcomeAndReason) {
  metrics_.JobEnded(EndedJob(JobState::kFailed, MakeError(absl::StatusCode::kInternal, kStorage, "full")));
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("wan_jobs_total{model=\"m\",outcome=\"failed\",reason=\"STORAGE\",task=\"t2v\"} 1"));
  EXPECT_THAT(text, HasSubstr("wan_job_duration_seconds_sum{model=\"m\",outcome=\"failed\",size_class=\"small\","
                              "task=\"t2v\"} 7"));
}

TEST_F(ServerMetricsTest, TextFromOutsideMakesNoNewSeries) {
  Job job = EndedJob(JobState::kFailed, MakeError(absl::StatusCode::kInternal, "SOMETHING_NEW", ""));
  job.resolved.spec.model = "left the catalogue";
  metrics_.JobEnded(job);
  metrics_.SubmissionRefused(absl::InternalError("no reason"));
  const std::string text = Text();
  EXPECT_THAT(text, Not(HasSubstr("SOMETHING_NEW")));
  EXPECT_THAT(text, Not(HasSubstr("left the catalogue")));
  EXPECT_THAT(text, HasSubstr("wan_jobs_total{model=\"other\",outcome=\"failed\",reason=\"other\",task=\"other\"} 1"));
}

TEST_F(ServerMetricsTest, QueueGaugesFallBackToZero) {
  const absl::Time now = absl::FromUnixSeconds(1000);
  metrics_.SetQueued({{.model = "m", .count = 3, .oldest_create_time = now - absl::Seconds(9)}}, now);
  EXPECT_THAT(Text(), HasSubstr("wan_queue_oldest_age_seconds{model=\"m\",priority=\"normal\"} 9"));
  EXPECT_THAT(Text(), HasSubstr("wan_queue_jobs{model=\"m\",priority=\"normal\"} 3"));
  metrics_.SetQueued({}, now);
  EXPECT_THAT(Text(), HasSubstr("wan_queue_jobs{model=\"m\",priority=\"normal\"} 0"));
}

TEST_F(ServerMetricsTest, TimeInTheQueueIsOfTheFirstAttemptOnly) {
  Job job = EndedJob(JobState::kRunning, absl::OkStatus());
  metrics_.JobStarted(job);
  job.attempt = 2;
  metrics_.JobStarted(job);
  EXPECT_THAT(Text(), HasSubstr("wan_job_queue_seconds_count{model=\"m\",priority=\"normal\"} 1"));
  EXPECT_THAT(Text(), HasSubstr("wan_job_queue_seconds_sum{model=\"m\",priority=\"normal\"} 3"));
}

}  // namespace
}  // namespace wan

#include "worker/ring/job_run.h"

#include <gtest/gtest.h>

#include <thread>

namespace wan {
namespace {

TEST(JobRun, SlowReaderGetsTheNewestProgressAndThenTheEnd) {
  JobRun job({.job_id = "j"});
  job.Publish({.phase = Phase::kDenoising, .step = 1});
  job.Publish({.phase = Phase::kDenoising, .step = 2});
  job.Finish(JobResult{});
  EXPECT_TRUE(job.finished());
  const auto progress = job.TakeProgress(absl::InfiniteDuration());
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->step, 2);
  EXPECT_FALSE(job.TakeProgress(absl::InfiniteDuration()).has_value());
  EXPECT_TRUE(job.result().ok());
}

TEST(JobRun, TakeProgressWaitsForTheOtherThread) {
  JobRun job({.job_id = "j"});
  std::thread compute([&] { job.Finish(absl::DataLossError("x")); });
  EXPECT_FALSE(job.TakeProgress(absl::InfiniteDuration()).has_value());
  EXPECT_EQ(job.result().status(), absl::DataLossError("x"));
  compute.join();
}

TEST(JobRun, TakeProgressEndsAtItsTimeout) {
  JobRun job({.job_id = "j"});
  EXPECT_FALSE(job.TakeProgress(absl::Milliseconds(1)).has_value());
  EXPECT_FALSE(job.finished());
}

}  // namespace
}  // namespace wan

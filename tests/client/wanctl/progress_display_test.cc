#include "client/wanctl/progress_display.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/wanctl/format.h"
#include "client/wanctl/progress_text.h"
#include "tests/client/fake_server.h"
#include "tests/client/wanctl/test_console.h"

namespace wan {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

v1::Job Queued(int position) {
  v1::Job job = MakeJob("job-1", v1::JOB_STATE_QUEUED);
  job.set_queue_position(position);
  return job;
}

v1::Job Running(v1::Phase phase, int step, int of) {
  v1::Job job = MakeJob("job-1", v1::JOB_STATE_RUNNING);
  v1::Progress* progress = job.mutable_progress();
  progress->set_phase(phase);
  progress->set_step(step);
  progress->set_of(of);
  return job;
}

v1::Job WithSpeed(v1::Job job, double seconds, int64_t left) {
  job.mutable_progress()->mutable_step_duration()->set_seconds(static_cast<int64_t>(seconds));
  job.mutable_progress()->mutable_step_duration()->set_nanos(
      static_cast<int32_t>((seconds - static_cast<int64_t>(seconds)) * 1e9));
  job.mutable_progress()->mutable_remaining_duration()->set_seconds(left);
  return job;
}

TEST(ProgressText, SaysQueuePositionPhaseStepSpeedAndTimeLeft) {
  EXPECT_EQ(ProgressText(Queued(3)), "queued, position 3");
  EXPECT_EQ(ProgressText(Queued(0)), "queued");
  EXPECT_EQ(ProgressText(MakeJob("job-1", v1::JOB_STATE_RUNNING)), "starting");
  EXPECT_EQ(ProgressText(Running(v1::PHASE_LOADING, 0, 0)), "loading");
  EXPECT_EQ(ProgressText(WithSpeed(Running(v1::PHASE_DENOISING, 12, 50), 1.25, 200)),
            "denoising 12/50, 1.2 s per step, about 3 min 20 s left");
  v1::Job second = Running(v1::PHASE_DECODING, 1, 5);
  second.mutable_progress()->set_video_index(1);
  second.set_cancel_requested(true);
  EXPECT_EQ(ProgressText(second), "video 2, decoding 1/5, cancel requested");
  EXPECT_EQ(ProgressText(MakeJob("job-1", v1::JOB_STATE_SUCCEEDED)), "succeeded");
}

TEST(ProgressBar, IsFullOnlyAtTheEnd) {
  EXPECT_EQ(ProgressBar(0, 10), "[..........]");
  EXPECT_EQ(ProgressBar(0.99, 10), "[#########.]");
  EXPECT_EQ(ProgressBar(1, 10), "[##########]");
  EXPECT_EQ(ProgressBar(7, 10), "[##########]");
}

class ProgressDisplayTest : public testing::Test {
 protected:
  TestConsole console_;
};

TEST_F(ProgressDisplayTest, PlainLinesComeWithChangesAndElseEveryFewSeconds) {
  const Console console = console_.Make();
  ProgressDisplay display(console);
  display.ShowJob(Queued(2));
  display.ShowJob(Queued(2));
  display.ShowJob(Queued(1));
  display.ShowJob(Running(v1::PHASE_DENOISING, 1, 50));
  display.ShowJob(Running(v1::PHASE_DENOISING, 2, 50));
  console_.now += ProgressDisplay::kPlainInterval;
  display.ShowJob(Running(v1::PHASE_DENOISING, 3, 50));
  display.ShowJob(Running(v1::PHASE_DECODING, 0, 5));
  display.Clear();
  EXPECT_EQ(console_.err.str(),
            "queued, position 2\n"
            "queued, position 1\n"
            "denoising 1/50\n"
            "denoising 3/50\n"
            "decoding 0/5\n");
}

TEST_F(ProgressDisplayTest, TerminalLineIsRewrittenAndTakenOff) {
  const Console console = console_.Make(/*is_terminal=*/true);
  {
    ProgressDisplay display(console);
    display.ShowJob(Queued(2));
    display.ShowJob(WithSpeed(Running(v1::PHASE_DENOISING, 25, 50), 1.25, 31));
    EXPECT_THAT(console_.err.str(),
                HasSubstr("\rdenoising 25/50  [#############..............]  1.2 s per step, about 31 s left\x1b[K"));
    EXPECT_EQ(console_.err.str().find('\n'), std::string::npos);
  }
  EXPECT_THAT(console_.err.str(), EndsWith("\r\x1b[K"));
  EXPECT_EQ(console_.out.str(), "");
}

TEST_F(ProgressDisplayTest, TerminalLineNeverWraps) {
  const Console console = console_.Make(/*is_terminal=*/true);
  for (int columns = 0; columns < 200; ++columns) {
    console_.columns = columns;
    console_.err.str("");
    ProgressDisplay display(console);
    display.ShowJob(WithSpeed(Running(v1::PHASE_DENOISING, 12, 50), 1.25, 47));
    const std::string line = console_.err.str();
    EXPECT_LE(DisplayWidth(line.substr(1, line.find('\x1b') - 1)), static_cast<size_t>(std::max(columns - 1, 0)));
  }
}

TEST_F(ProgressDisplayTest, DownloadShowsBytes) {
  const Console console = console_.Make(/*is_terminal=*/true);
  ProgressDisplay display(console);
  display.ShowDownload("clip.mp4", 500'000, 1'000'000);
  EXPECT_THAT(console_.err.str(), HasSubstr("downloading clip.mp4  [#############"));
  EXPECT_THAT(console_.err.str(), HasSubstr("500.0 kB of 1.0 MB"));
}

}  // namespace
}  // namespace wan

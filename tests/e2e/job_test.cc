// A job's life as its owner sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tests/e2e/video_maker.h"
#include "tests/testing/files.h"
#include "wan/v1/video_generation.grpc.pb.h"

namespace wan {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class JobTest : public testing::Test {
 protected:
  JobTest() : house_({}) {
    house_.Start();
    videos_ = v1::VideoGeneration::NewStub(house_.Channel());
  }

  std::string Submit(const std::vector<std::string>& more) {
    std::vector<std::string> command = {"submit", "--model", "wan-shapes", "--prompt", "a red ball"};
    command.insert(command.end(), more.begin(), more.end());
    const House::Result result = house_.Wanctl(command);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return std::string(absl::StripAsciiWhitespace(result.out));
  }
  // Longer than any test: one has to end it.
  std::string SubmitLong() {
    return Submit({"--steps", "1000", "--frames", "81", "--width", "128", "--height", "128"});
  }
  nlohmann::json Get(const std::string& job_id) {
    return nlohmann::json::parse(house_.Wanctl({"get", job_id, "-o", "json"}).out);
  }
  // Follows the job until then; all that was seen of it.
  std::vector<v1::Job> WatchUntil(const std::string& job_id, const std::function<bool(const v1::Job&)>& is_reached) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    v1::WatchJobRequest request;
    request.set_job_id(job_id);
    const auto reader = videos_->WatchJob(&context, request);
    std::vector<v1::Job> seen;
    v1::JobEvent event;
    while (reader->Read(&event)) {
      seen.push_back(event.job());
      if (is_reached(event.job())) return seen;
    }
    ADD_FAILURE() << "the stream ended before: " << reader->Finish().error_message();
    seen.emplace_back();
    return seen;
  }
  v1::Job AwaitStep(const std::string& job_id) {
    return WatchUntil(job_id,
                      [](const v1::Job& job) {
                        return job.progress().phase() == v1::PHASE_DENOISING && job.progress().step() >= 1;
                      })
        .back();
  }
  // DownloadVideo calls that the server has ended, whatever their code.
  int Downloads() {
    int sum = 0;
    for (const auto line : absl::StrSplit(house_.Http(house_.server_metrics_port(), "/metrics"), '\n')) {
      if (!absl::StartsWith(line, "wan_grpc_server_handled_total{") || !absl::StrContains(line, "DownloadVideo")) {
        continue;
      }
      sum += std::stoi(std::string(line.substr(line.rfind(' ') + 1)));
    }
    return sum;
  }

  House house_;
  std::unique_ptr<v1::VideoGeneration::Stub> videos_;
};

TEST_F(JobTest, ARunningJobIsCancelledAtAStepAndTheRingGoesOn) {
  const std::string job_id = SubmitLong();
  const v1::Job running = AwaitStep(job_id);
  EXPECT_EQ(running.state(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(running.progress().of(), 1000);
  EXPECT_TRUE(running.progress().has_step_duration());
  EXPECT_TRUE(running.progress().has_remaining_duration());
  EXPECT_EQ(running.ring(), "ring-0");
  EXPECT_THAT(house_.Wanctl({"rings"}).out, AllOf(HasSubstr("busy"), HasSubstr(job_id)));

  EXPECT_EQ(house_.Wanctl({"cancel", job_id}).exit_code, 0);
  const House::Result watch = house_.Wanctl({"watch", job_id});
  EXPECT_EQ(watch.exit_code, 8) << watch.err;
  const nlohmann::json job = Get(job_id);
  EXPECT_EQ(job["state"], "JOB_STATE_CANCELLED");
  EXPECT_THAT(job["error"].dump(), HasSubstr("JOB_CANCELLED"));
  EXPECT_EQ(job["videos"].size(), 0u);
  EXPECT_EQ(house_.Wanctl({"download", job_id}).exit_code, 8);
  // Cancelling what has ended changes nothing.
  EXPECT_EQ(house_.Wanctl({"cancel", job_id}).exit_code, 0);
  EXPECT_EQ(Get(job_id), job);

  const House::Result next = house_.Wanctl({"watch", Submit({"--steps", "1", "--frames", "1"})});
  EXPECT_EQ(next.exit_code, 0) << next.err;
}

TEST_F(JobTest, WaitingJobsKnowTheirPlaceAndMoveUp) {
  const std::string running = SubmitLong();
  AwaitStep(running);
  const std::string second = Submit({"--steps", "1", "--frames", "1"});
  const std::string third = Submit({"--steps", "2", "--frames", "1"});
  EXPECT_EQ(Get(running)["queue_position"], 0);
  EXPECT_EQ(Get(second)["queue_position"], 1);
  EXPECT_EQ(Get(third)["queue_position"], 2);
  EXPECT_THAT(house_.Wanctl({"get", third}).out, HasSubstr("position 2"));

  // A job that waits is cancelled at once.
  house_.Wanctl({"cancel", second});
  EXPECT_EQ(Get(second)["state"], "JOB_STATE_CANCELLED");
  EXPECT_EQ(Get(third)["queue_position"], 1);

  house_.Wanctl({"cancel", running});
  EXPECT_EQ(house_.Wanctl({"watch", third}).exit_code, 0);
  EXPECT_EQ(house_.Wanctl({"watch", second}).exit_code, 8);
}

TEST_F(JobTest, ListShowsTheNewestFirstAndOnlyTheStatesAskedFor) {
  const std::string first = Submit({"--steps", "1", "--frames", "1"});
  ASSERT_EQ(house_.Wanctl({"watch", first}).exit_code, 0);
  const std::string second = SubmitLong();
  AwaitStep(second);
  const auto ids = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"list", "-o", "json"});
    std::vector<std::string> found;
    const nlohmann::json list = nlohmann::json::parse(house_.Wanctl(more).out);
    for (const auto& job : list.at("jobs")) found.push_back(job["job_id"]);
    return found;
  };
  EXPECT_EQ(ids({}), (std::vector<std::string>{second, first}));
  EXPECT_EQ(ids({"--state", "running"}), (std::vector<std::string>{second}));
  EXPECT_EQ(ids({"--state", "succeeded"}), (std::vector<std::string>{first}));
  EXPECT_EQ(ids({"--limit", "1"}), (std::vector<std::string>{second}));
  EXPECT_THAT(house_.Wanctl({"list"}).out, AllOf(HasSubstr(first), HasSubstr(second), HasSubstr("succeeded")));
}

TEST_F(JobTest, WatchTellsEachStepOnceInOrderAndEndsWithTheJob) {
  const std::string job_id = Submit({"--frames", "5"});
  const std::vector<v1::Job> seen =
      WatchUntil(job_id, [](const v1::Job& job) { return job.state() == v1::JOB_STATE_SUCCEEDED; });
  int last_phase = 0, last_step = 0;
  for (const v1::Job& job : seen) {
    if (job.state() != v1::JOB_STATE_RUNNING) continue;
    EXPECT_GE(job.progress().phase(), last_phase);
    if (job.progress().phase() == last_phase) {
      EXPECT_GE(job.progress().step(), last_step);
    }
    EXPECT_LE(job.progress().step(), job.progress().of());
    last_phase = job.progress().phase();
    last_step = job.progress().step();
  }
  ASSERT_EQ(seen.back().videos_size(), 1);
  // The command's lines of JSON tell the same end.
  const House::Result watch = house_.Wanctl({"watch", job_id, "-o", "json"});
  EXPECT_EQ(watch.exit_code, 0);
  const std::vector<std::string> lines = absl::StrSplit(watch.out, '\n', absl::SkipEmpty());
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines.back(), HasSubstr("JOB_STATE_SUCCEEDED"));
}

TEST_F(JobTest, ModelsAndRingsTellWhatCanBeAskedFor) {
  const nlohmann::json models = nlohmann::json::parse(house_.Wanctl({"models", "-o", "json"}).out)["models"];
  ASSERT_EQ(models.size(), 3u);
  EXPECT_EQ(models[2]["name"], "wan-shapes");
  EXPECT_EQ(models[2]["ready_rings"], 1);
  EXPECT_EQ(models[2]["codecs"], (nlohmann::json{"ffv1", "h264"}));
  EXPECT_EQ(models[2]["defaults"]["num_steps"], 20);
  EXPECT_EQ(models[2]["limits"]["max_frames"], 81);
  EXPECT_EQ(models[0]["ready_rings"], 0);
  EXPECT_EQ(models[0]["codecs"], nlohmann::json::array());
  const nlohmann::json rings = nlohmann::json::parse(house_.Wanctl({"rings", "-o", "json"}).out)["rings"];
  ASSERT_EQ(rings.size(), 1u);
  EXPECT_EQ(rings[0]["state"], "RING_STATE_READY");
  EXPECT_EQ(rings[0]["model"], "wan-shapes");
  EXPECT_EQ(rings[0]["dtype"], "f32");
  EXPECT_EQ(rings[0]["world_size"], 1);
}

TEST_F(JobTest, ADownloadThatBrokeOffGoesOnFromItsLastByte) {
  // One step leaves noise, which lossless coding cannot make small: more than one chunk.
  const std::string job_id =
      Submit({"--steps", "1", "--frames", "81", "--width", "128", "--height", "128", "--codec", "ffv1"});
  ASSERT_EQ(house_.Wanctl({"watch", job_id}).exit_code, 0);
  ASSERT_EQ(house_.Wanctl({"download", job_id, "--output", house_.Path("whole.mkv")}).exit_code, 0);
  const std::string whole = ReadFile(house_.Path("whole.mkv"));
  ASSERT_GT(whole.size(), size_t{1} << 20);
  EXPECT_EQ(std::to_string(whole.size()), Get(job_id)["videos"][0]["size_bytes"]);

  // The file may not grow beyond this: the first download breaks off.
  constexpr size_t kLimit = 700 * 1024;
  const std::string wanctl = std::string(std::getenv("WAN_BINARY_DIR")) + "/bin/wanctl";
  const std::string path = house_.Path("part.mkv");
  Process limited({"/bin/bash", "-c", "trap '' XFSZ; ulimit -f 700; exec \"$@\"", "bash", wanctl, "download", job_id,
                   "--output", path},
                  {{"WANCTL_SERVER", house_.Address()}}, house_.Path(""), {.err = house_.Path("limited.err")});
  EXPECT_EQ(limited.Wait(absl::Seconds(30)), 1) << ReadFile(house_.Path("limited.err"));
  EXPECT_FALSE(std::filesystem::exists(path));
  std::string part = ReadFile(path + ".part");
  EXPECT_EQ(part, whole.substr(0, kLimit));

  int before = Downloads();
  const House::Result resumed = house_.Wanctl({"download", job_id, "--output", path});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(ReadFile(path), whole);
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  EXPECT_EQ(Downloads() - before, 1);

  // That it really goes on there is seen when the bytes that are there are wrong: only then a second call is needed.
  part[100] = static_cast<char>(part[100] ^ 1);
  const std::string damaged = house_.Path("damaged.mkv");
  WriteFile(damaged + ".part", part);
  WriteFile(damaged + ".part.id", job_id + " 0\n");
  before = Downloads();
  EXPECT_EQ(house_.Wanctl({"download", job_id, "--output", damaged}).exit_code, 0);
  EXPECT_EQ(ReadFile(damaged), whole);
  EXPECT_EQ(Downloads() - before, 2);
}

TEST_F(JobTest, AnInterruptOfGenerateLeavesTheJobRunningAndSaysHowToGoOn) {
  const auto generate = house_.StartWanctl(
      "generate", {"generate", "--model", "wan-shapes", "--prompt", "x", "--steps", "1000", "--frames", "81"});
  // Its job is there once the server lists it.
  std::string job_id;
  for (const absl::Time deadline = absl::Now() + absl::Seconds(20); job_id.empty() && absl::Now() < deadline;) {
    const auto jobs = nlohmann::json::parse(house_.Wanctl({"list", "-o", "json"}).out).at("jobs");
    if (!jobs.empty()) job_id = jobs[0]["job_id"];
  }
  ASSERT_NE(job_id, "");
  AwaitStep(job_id);
  generate->Signal(SIGINT);
  EXPECT_EQ(generate->Wait(absl::Seconds(10)), 130);
  const std::string err = ReadFile(house_.Path("generate.err"));
  EXPECT_THAT(err, AllOf(HasSubstr("wanctl watch"), HasSubstr(job_id)));
  EXPECT_EQ(Get(job_id)["state"], "JOB_STATE_RUNNING");
}

}  // namespace
}  // namespace wan

// Whole commands in this process, against a fake server.
#include "client/wanctl/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "common/error.h"
#include "common/rpc/grpc_status.h"
#include "tests/client/fake_server.h"
#include "tests/client/wanctl/test_console.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class RunTest : public testing::Test {
 protected:
  RunTest() {
    console_.variables["WANCTL_SERVER"] = server_.address();
    console_.variables["WANCTL_RETRY_SECONDS"] = "20";
    v1::Model model;
    model.set_name("wan-shapes");
    server_.videos().SetModels({model});
  }

  int Run(const std::vector<std::string>& arguments) {
    console_.out.str("");
    console_.err.str("");
    return RunWanctl(arguments, console_.Make(), stop_.get_token());
  }

  std::string out() const { return console_.out.str(); }
  std::string err() const { return console_.err.str(); }

  // A job that the next SubmitJob will return: finished, with videos.
  void PrepareFinishedJob(int videos) {
    server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_SUCCEEDED));
    for (int i = 0; i < videos; ++i) server_.videos().SetVideo("job-1", i, "video " + std::to_string(i));
  }

  TemporaryFolder folder_;
  FakeServer server_;
  TestConsole console_;
  std::stop_source stop_;
};

TEST_F(RunTest, SubmitPrintsTheIdAloneAndSendsARequestId) {
  EXPECT_EQ(Run({"submit", "--model", "wan-shapes", "--prompt", "x"}), 0);
  EXPECT_EQ(out(), "job-1\n");
  EXPECT_EQ(err(), "");
  ASSERT_EQ(server_.videos().submits().size(), 1u);
  EXPECT_EQ(server_.videos().submits()[0].request_id().size(), 36u);
}

TEST_F(RunTest, SubmitSendsOnlyWhatIsGiven) {
  console_.variables["WANCTL_STEPS"] = "3";
  EXPECT_EQ(Run({"submit", "--model", "m", "--prompt", "p", "--negative", "", "--guidance", "0", "--fps", "30000/1001",
                 "--seed", "6687881544318117707"}),
            0);
  const v1::GenerationSpec spec = server_.videos().submits()[0].spec();
  EXPECT_EQ(spec.seed(), 6687881544318117707);
  EXPECT_EQ(spec.num_steps(), 3);
  EXPECT_EQ(spec.fps().numerator(), 30000);
  EXPECT_EQ(spec.fps().denominator(), 1001);
  EXPECT_TRUE(spec.has_guidance_scale());
  EXPECT_TRUE(spec.has_negative_prompt());
  EXPECT_FALSE(spec.has_width());
  EXPECT_FALSE(spec.has_codec());
  EXPECT_FALSE(spec.has_flow_shift());
}

TEST_F(RunTest, JsonShowsResolvedValueAndOrigin) {
  EXPECT_EQ(Run({"submit", "--model", "m", "--prompt", "p", "-o", "json"}), 0);
  EXPECT_EQ(json::parse(out())["spec"]["guidance_scale"], 5);
  EXPECT_EQ(json::parse(out())["spec_origins"]["guidance_scale"], "VALUE_ORIGIN_MODEL");
  EXPECT_EQ(Run({"submit", "--model", "m", "--prompt", "p", "--guidance", "5", "-o", "json"}), 0);
  EXPECT_EQ(json::parse(out())["spec_origins"]["guidance_scale"], "VALUE_ORIGIN_REQUEST");
}

TEST_F(RunTest, OnlyModelOfTheServerNeedsNoFlag) {
  EXPECT_EQ(Run({"submit", "--prompt", "x"}), 0);
  EXPECT_EQ(server_.videos().submits()[0].spec().model(), "wan-shapes");
  EXPECT_THAT(err(), HasSubstr("model wan-shapes"));
  v1::Model a, b;
  a.set_name("a");
  b.set_name("b");
  server_.videos().SetModels({a, b});
  EXPECT_EQ(Run({"submit", "--prompt", "x"}), 2);
  EXPECT_THAT(err(), HasSubstr("--model: is needed; this server has a, b"));
}

TEST_F(RunTest, BadValuesAreRefusedBeforeTheServerIsAsked) {
  for (const char* seed : {"1.5", "-2", "99999999999999999999"}) {
    EXPECT_EQ(Run({"generate", "--model", "m", "--prompt", "x", "--seed", seed}), 2);
    EXPECT_THAT(err(), HasSubstr(std::string("\n--seed: \"") + seed + "\" is not a whole number"));
  }
  EXPECT_EQ(Run({"submit", "--model", "m", "--prompt", "\xff"}), 2);
  EXPECT_THAT(err(), HasSubstr("\n--prompt: not UTF-8"));
  EXPECT_EQ(out(), "");
  EXPECT_TRUE(server_.videos().submits().empty());
}

TEST_F(RunTest, ServersViolationsArePrintedWithTheirFlags) {
  server_.videos().FailNext(
      "SubmitJob",
      ToGrpcStatus(InvalidSpecError({{"spec.width", "60 is not a multiple of 16; nearest legal value is 64"},
                                     {"spec.num_frames", "8 is not 4n+1; nearest legal value is 9"}})));
  EXPECT_EQ(Run({"submit", "--model", "m", "--prompt", "x", "--width", "60"}), 2);
  EXPECT_EQ(err(),
            "wanctl: the request is not valid:\n"
            "--width: 60 is not a multiple of 16; nearest legal value is 64\n"
            "--frames: 8 is not 4n+1; nearest legal value is 9\n");
}

TEST_F(RunTest, ExitCodesFollowTheServersStatus) {
  const std::vector<std::pair<grpc::StatusCode, int>> cases = {
      {grpc::StatusCode::INTERNAL, 1},          {grpc::StatusCode::INVALID_ARGUMENT, 2},
      {grpc::StatusCode::NOT_FOUND, 3},         {grpc::StatusCode::UNAUTHENTICATED, 4},
      {grpc::StatusCode::PERMISSION_DENIED, 4}, {grpc::StatusCode::RESOURCE_EXHAUSTED, 5},
      {grpc::StatusCode::DEADLINE_EXCEEDED, 6}, {grpc::StatusCode::CANCELLED, 8}};
  for (const auto& [code, exit_code] : cases) {
    server_.videos().FailNext("GetJob", grpc::Status(code, "as scripted"));
    EXPECT_EQ(Run({"get", "job-1"}), exit_code) << code;
    EXPECT_EQ(err(), "wanctl: as scripted\n");
    EXPECT_EQ(out(), "");
  }
  EXPECT_EQ(Run({"get", "none"}), 3);
  EXPECT_EQ(err(), "wanctl: there is no job none (JOB_NOT_FOUND)\n");
}

TEST_F(RunTest, AbsentServerIsExit7AndNamed) {
  server_.Stop();
  EXPECT_EQ(Run({"list", "--retry-seconds", "0"}), 7);
  EXPECT_THAT(err(), HasSubstr("wanctl: server " + server_.address()));
  EXPECT_THAT(err(), Not(HasSubstr("trying again")));
}

TEST_F(RunTest, GenerateWritesTheVideoAndPrintsItsPath) {
  PrepareFinishedJob(1);
  const std::string path = folder_.File("clip.mp4");
  EXPECT_EQ(Run({"generate", "--model", "m", "--prompt", "x", "--output", path}), 0);
  EXPECT_EQ(out(), path + "\n");
  EXPECT_EQ(ReadFile(path), "video 0");
  EXPECT_THAT(err(), HasSubstr("job job-1\n"));
  EXPECT_THAT(err(), HasSubstr("succeeded\n"));
}

TEST_F(RunTest, GenerateNumbersSeveralVideos) {
  PrepareFinishedJob(2);
  EXPECT_EQ(Run({"generate", "--model", "m", "--prompt", "x", "--videos", "2", "--output", folder_.File("clip.mp4"),
                 "-o", "json"}),
            0);
  EXPECT_EQ(ReadFile(folder_.File("clip-0.mp4")), "video 0");
  EXPECT_EQ(ReadFile(folder_.File("clip-1.mp4")), "video 1");
  const json job = json::parse(out());
  EXPECT_EQ(job["videos"][1]["path"], folder_.File("clip-1.mp4"));
  EXPECT_EQ(job["videos"][1]["seed"], "8");
}

TEST_F(RunTest, GenerateChecksTheFileBeforeTheWork) {
  EXPECT_EQ(Run({"generate", "--model", "m", "--prompt", "x", "--output", folder_.File("none/clip.mp4")}), 2);
  EXPECT_THAT(err(), HasSubstr("--output: write into"));
  EXPECT_TRUE(server_.videos().submits().empty());
}

TEST_F(RunTest, GenerateWarnsOfAContradictingExtension) {
  PrepareFinishedJob(1);
  EXPECT_EQ(Run({"generate", "--model", "m", "--prompt", "x", "--codec", "ffv1", "--output", folder_.File("a.mp4")}),
            0);
  EXPECT_THAT(err(), HasSubstr("a.mp4 will hold ffv1 in a .mkv container"));
}

TEST_F(RunTest, GenerateTellsHowTheJobFailed) {
  v1::Job failed = MakeJob("job-1", v1::JOB_STATE_FAILED);
  *failed.mutable_error() = ToRpcStatus(MakeError(absl::StatusCode::kDataLoss, kNonFinite, "latents at step 3"));
  server_.videos().SetJob(failed);
  EXPECT_EQ(Run({"generate", "--model", "m", "--prompt", "x", "-o", "json"}), 1);
  EXPECT_THAT(err(), HasSubstr("wanctl: job job-1 failed: latents at step 3 (NON_FINITE)\n"));
  EXPECT_EQ(json::parse(out())["state"], "JOB_STATE_FAILED");
}

TEST_F(RunTest, InterruptedGenerateLeavesTheJobAndSaysHowToGoOn) {
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_RUNNING));
  server_.videos().AddWatch({.events = {MakeEvent(1, MakeJob("job-1", v1::JOB_STATE_RUNNING))}, .holds = true});
  std::jthread stopper([this] {
    server_.videos().AwaitHold();
    stop_.request_stop();
  });
  const std::string path = folder_.File("clip.mp4");
  EXPECT_EQ(Run({"generate", "--model", "m", "--prompt", "x", "--output", path, "--server", server_.address()}), 130);
  EXPECT_THAT(err(), HasSubstr("Detached; job job-1 goes on."));
  EXPECT_THAT(err(), HasSubstr("  wanctl watch job-1 --server " + server_.address() + "\n"));
  EXPECT_THAT(err(), HasSubstr("  wanctl download job-1 --server " + server_.address() + " --output " + path + "\n"));
  EXPECT_EQ(out(), "");
  EXPECT_TRUE(server_.videos().cancelled().empty());
}

TEST_F(RunTest, HintsQuoteForTheShell) {
  server_.videos().FailNext("WatchJob", grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"));
  Run({"generate", "--model", "m", "--prompt", "x", "--retry-seconds", "0", "--output",
       folder_.File("it's a clip.mp4")});
  EXPECT_THAT(err(), HasSubstr("--output '" + folder_.File("it'\\''s a clip.mp4") + "'\n"));
}

TEST_F(RunTest, GenerateThatLosesTheServerSaysHowToGoOn) {
  server_.videos().FailNext("WatchJob", grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"));
  EXPECT_EQ(Run({"generate", "--model", "m", "--prompt", "x", "--retry-seconds", "0"}), 7);
  EXPECT_THAT(err(), HasSubstr("wanctl watch job-1\n"));
}

TEST_F(RunTest, WatchEndsLikeItsJob) {
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_CANCELLED));
  EXPECT_EQ(Run({"watch", "job-1"}), 8);
  EXPECT_EQ(out(), "job-1 cancelled\n");
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_SUCCEEDED));
  EXPECT_EQ(Run({"watch", "job-1"}), 0);
}

TEST_F(RunTest, WatchAsJsonWritesOneEventALine) {
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_RUNNING));
  server_.videos().AddWatch({.events = {MakeEvent(1, MakeJob("job-1", v1::JOB_STATE_RUNNING)),
                                        MakeEvent(2, MakeJob("job-1", v1::JOB_STATE_SUCCEEDED))}});
  EXPECT_EQ(Run({"watch", "job-1", "-o", "json"}), 0);
  std::vector<std::string> states;
  std::istringstream lines(out());
  for (std::string line; std::getline(lines, line);) states.push_back(json::parse(line)["job"]["state"]);
  EXPECT_THAT(states, ElementsAre("JOB_STATE_RUNNING", "JOB_STATE_SUCCEEDED"));
  EXPECT_EQ(err(), "");
}

TEST_F(RunTest, DownloadTakesOneVideoByIndex) {
  PrepareFinishedJob(2);
  EXPECT_EQ(Run({"download", "job-1", "--index", "1", "--output", folder_.File("b.mp4")}), 0);
  EXPECT_EQ(ReadFile(folder_.File("b.mp4")), "video 1");
  EXPECT_EQ(out(), folder_.File("b.mp4") + "\n");
  EXPECT_EQ(Run({"download", "job-1", "--index", "2", "--output", folder_.File("c.mp4")}), 3);
  EXPECT_THAT(err(), HasSubstr("none with index 2"));
}

TEST_F(RunTest, DownloadOfAnUnfinishedJobSaysSo) {
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_RUNNING));
  EXPECT_EQ(Run({"download", "job-1"}), 1);
  EXPECT_THAT(err(), HasSubstr("job job-1 is running: there is nothing to download yet (RESULT_NOT_READY)"));
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_CANCELLED));
  EXPECT_EQ(Run({"download", "job-1"}), 8);
}

TEST_F(RunTest, CancelSaysThatItIsAsked) {
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_RUNNING));
  EXPECT_EQ(Run({"cancel", "job-1"}), 0);
  EXPECT_EQ(out(), "job-1 running, cancel requested\n");
  EXPECT_THAT(server_.videos().cancelled(), ElementsAre("job-1"));
}

TEST_F(RunTest, ListFiltersAndSaysWhenThereIsMore) {
  for (int i = 0; i < 3; ++i) server_.videos().SetJob(MakeJob("q" + std::to_string(i), v1::JOB_STATE_QUEUED));
  server_.videos().SetJob(MakeJob("r", v1::JOB_STATE_RUNNING));
  EXPECT_EQ(Run({"list", "--state", "queued", "--limit", "2", "-o", "json"}), 0);
  EXPECT_EQ(json::parse(out())["jobs"].size(), 2u);
  EXPECT_THAT(err(), HasSubstr("more jobs than 2"));
  EXPECT_EQ(Run({"list", "--state", "running"}), 0);
  EXPECT_THAT(out(), HasSubstr("\nr  "));
  EXPECT_THAT(out(), Not(HasSubstr("q0")));
  EXPECT_EQ(err(), "");
}

TEST_F(RunTest, ModelsRingsAndVersionAnswerInBothForms) {
  server_.admin().rings.emplace_back().set_name("ring-a");
  EXPECT_EQ(Run({"models"}), 0);
  EXPECT_THAT(out(), HasSubstr("\nwan-shapes  "));
  EXPECT_EQ(Run({"models", "-o", "json"}), 0);
  EXPECT_EQ(json::parse(out())["models"][0]["name"], "wan-shapes");
  EXPECT_EQ(Run({"rings"}), 0);
  EXPECT_THAT(out(), HasSubstr("\nring-a  "));
  EXPECT_EQ(Run({"rings", "-o", "json"}), 0);
  EXPECT_EQ(json::parse(out())["rings"][0]["name"], "ring-a");
  EXPECT_EQ(Run({"version"}), 0);
  EXPECT_THAT(out(), testing::MatchesRegex("wanctl [0-9.]+\n"));
  EXPECT_EQ(Run({"version", "-o", "json"}), 0);
  EXPECT_TRUE(json::parse(out()).contains("version"));
}

TEST_F(RunTest, MessagesHaveColourOnlyWhereTheConsoleHas) {
  EXPECT_EQ(Run({"get", "none"}), 3);
  EXPECT_THAT(err(), Not(HasSubstr("\x1b")));
  console_.err.str("");
  RunWanctl({"get", "none"}, console_.Make(/*is_terminal=*/true, /*has_colour=*/true), {});
  EXPECT_THAT(err(), HasSubstr("\x1b[31mwanctl:\x1b[0m"));
}

TEST_F(RunTest, FailedWriteToTheOutputIsAnError) {
  const Console console = console_.Make();
  console.out.setstate(std::ios::badbit);
  EXPECT_EQ(RunWanctl({"version"}, console, {}), 1);
  EXPECT_THAT(err(), HasSubstr("standard output"));
}

}  // namespace
}  // namespace wan

// Clients that vanish or are interrupted, and configurations that are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/e2e/fault_house.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kSteps[] = "400";

std::vector<std::string> Generate(const FaultHouse& house) {
  return {"generate",
          "--model",
          "wan-shapes",
          "--prompt",
          "a red circle moves right",
          "--width",
          "32",
          "--height",
          "32",
          "--frames",
          "5",
          "--steps",
          kSteps,
          "--codec",
          "ffv1",
          "--output",
          house.File("out.mkv")};
}

// The job that `client` has submitted.
std::string JobOf(FaultHouse& house, Program& client) {
  EXPECT_TRUE(client.AwaitError("job ")) << client.errors();
  bool more = false;
  const auto jobs = house.client().List({}, 1, &more);
  EXPECT_TRUE(jobs.ok() && jobs->size() == 1);
  return jobs.ok() && !jobs->empty() ? jobs->at(0).job_id() : "";
}

TEST(FaultsClientTest, JobOfAKilledClientGoesOnAndSucceeds) {
  FaultHouse house;
  house.Start();
  const auto client = house.StartWanctl(Generate(house));
  const std::string job = JobOf(house, *client);
  house.AwaitStep(job);
  client->Signal(SIGKILL);
  ASSERT_EQ(client->AwaitExit(), 128 + SIGKILL);
  EXPECT_EQ(house.Get(job).state(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(house.AwaitEnd(job).state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(house.Get(job).attempt(), 1);
}

TEST(FaultsClientTest, InterruptDetachesWith130AndSaysHowToGoOn) {
  FaultHouse house;
  house.Start();
  const auto client = house.StartWanctl(Generate(house));
  const std::string job = JobOf(house, *client);
  house.AwaitStep(job);
  client->Signal(SIGINT);
  EXPECT_EQ(client->AwaitExit(), 130);
  EXPECT_THAT(client->errors(), AllOf(HasSubstr("To go on:"), HasSubstr(absl::StrCat("download ", job))));
  EXPECT_EQ(house.AwaitEnd(job).state(), v1::JOB_STATE_SUCCEEDED);
  int code = -1;
  house.Wanctl({"download", job, "--output", house.File("later.mkv")}, &code);
  EXPECT_EQ(code, 0);
}

struct Checked {
  int code;
  std::string errors;
};

Checked Check(const FaultHouse& house, const std::string& program, const std::string& config,
              const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"--config", config, "--check-config"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  Program checked(program, arguments, house.File("check"));
  return {checked.AwaitExit().value_or(-1), checked.errors()};
}

TEST(FaultsConfigTest, UnknownKeyIsRefusedWith78ItsPathAndTheNearestName) {
  const FaultHouse house;
  const std::string server = house.WriteServerConfig();
  EXPECT_EQ(Check(house, "wan_server", server).code, 0);
  WriteFile(server, absl::StrReplaceAll(ReadFile(server), {{"max_attempts", "max_atempts"}}));
  const Checked of_server = Check(house, "wan_server", server);
  EXPECT_EQ(of_server.code, 78);
  EXPECT_THAT(of_server.errors,
              AllOf(HasSubstr("server.yaml"), HasSubstr("limits.max_atempts"), HasSubstr("max_attempts")));

  const std::string worker = house.WriteWorkerConfig();
  EXPECT_EQ(Check(house, "wan_worker", worker).code, 0);
  WriteFile(worker, absl::StrReplaceAll(ReadFile(worker), {{"checkpoint:", "chekpoint:"}}));
  for (const char* program : {"wan_worker", "wan_rank"}) {
    const Checked of_worker = Check(house, program, worker);
    EXPECT_EQ(of_worker.code, 78);
    EXPECT_THAT(of_worker.errors,
                AllOf(HasSubstr("worker.yaml"), HasSubstr("model.chekpoint"), HasSubstr("checkpoint")));
  }
}

TEST(FaultsConfigTest, AddressThatOthersCanReachIsRefusedUnlessInsecure) {
  const FaultHouse house;
  for (const auto& [program, config] :
       {std::pair("wan_server", house.WriteServerConfig()), std::pair("wan_worker", house.WriteWorkerConfig())}) {
    std::string text = ReadFile(config);
    const size_t at = text.find("127.0.0.1");
    WriteFile(config, text.replace(at, 9, "0.0.0.0"));
    const Checked refused = Check(house, program, config);
    EXPECT_EQ(refused.code, 78) << program;
    EXPECT_THAT(refused.errors, AllOf(HasSubstr("listen.address"), HasSubstr("--insecure")));
    EXPECT_EQ(Check(house, program, config, {"--insecure"}).code, 0) << program;
  }
}

}  // namespace
}  // namespace wan

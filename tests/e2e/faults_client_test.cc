// Clients that vanish or are interrupted, and configurations that are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
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
          house.Path("out.mkv")};
}

// The job that the client has submitted.
std::string JobOf(FaultHouse& house) {
  EXPECT_TRUE(AwaitTrue([&] {
    return std::filesystem::exists(house.Path("client.err")) &&
           ReadFile(house.Path("client.err")).find("job ") != std::string::npos;
  }));
  bool more = false;
  const auto jobs = house.client().List({}, 1, &more);
  EXPECT_TRUE(jobs.ok() && jobs->size() == 1);
  return jobs.ok() && !jobs->empty() ? jobs->at(0).job_id() : "";
}

TEST(FaultsClientTest, JobOfAKilledClientGoesOnAndSucceeds) {
  FaultHouse house;
  house.Start();
  const auto client = house.StartWanctl("client", Generate(house));
  const std::string job = JobOf(house);
  house.AwaitStep(job);
  client->Signal(SIGKILL);
  ASSERT_EQ(AwaitExit(*client), 128 + SIGKILL);
  EXPECT_EQ(house.Get(job).state(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(house.AwaitEnd(job).state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(house.Get(job).attempt(), 1);
}

TEST(FaultsClientTest, InterruptDetachesWith130AndSaysHowToGoOn) {
  FaultHouse house;
  house.Start();
  const auto client = house.StartWanctl("client", Generate(house));
  const std::string job = JobOf(house);
  house.AwaitStep(job);
  client->Signal(SIGINT);
  EXPECT_EQ(AwaitExit(*client), 130);
  EXPECT_THAT(ReadFile(house.Path("client.err")),
              AllOf(HasSubstr("To go on:"), HasSubstr(absl::StrCat("download ", job))));
  EXPECT_EQ(house.AwaitEnd(job).state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(house.Wanctl({"download", job, "--output", house.Path("later.mkv")}).exit_code, 0);
}

House::Result Check(FaultHouse& house, const std::string& program, const std::string& config,
                    const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"--config", config, "--check-config"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return house.Run(program, arguments);
}

TEST(FaultsConfigTest, UnknownKeyIsRefusedWith78ItsPathAndTheNearestName) {
  FaultHouse house;
  house.WriteServerConfig();
  house.WriteRingConfig();
  const std::string server = house.ServerConfig();
  EXPECT_EQ(Check(house, "wan_server", server).exit_code, 0);
  WriteFile(server, absl::StrReplaceAll(ReadFile(server), {{"max_attempts", "max_atempts"}}));
  const House::Result of_server = Check(house, "wan_server", server);
  EXPECT_EQ(of_server.exit_code, 78);
  EXPECT_THAT(of_server.err,
              AllOf(HasSubstr("server.yaml"), HasSubstr("limits.max_atempts"), HasSubstr("max_attempts")));

  const std::string worker = house.RingConfig();
  EXPECT_EQ(Check(house, "wan_worker", worker).exit_code, 0);
  WriteFile(worker, absl::StrReplaceAll(ReadFile(worker), {{"checkpoint:", "chekpoint:"}}));
  for (const char* program : {"wan_worker", "wan_rank"}) {
    const House::Result of_worker = Check(house, program, worker);
    EXPECT_EQ(of_worker.exit_code, 78);
    EXPECT_THAT(of_worker.err, AllOf(HasSubstr("ring.yaml"), HasSubstr("model.chekpoint"), HasSubstr("checkpoint")));
  }
}

TEST(FaultsConfigTest, AddressThatOthersCanReachIsRefusedUnlessInsecure) {
  FaultHouse house;
  house.WriteServerConfig();
  house.WriteRingConfig();
  for (const auto& [program, config] :
       {std::pair("wan_server", house.ServerConfig()), std::pair("wan_worker", house.RingConfig())}) {
    std::string text = ReadFile(config);
    const size_t at = text.find("127.0.0.1");
    WriteFile(config, text.replace(at, 9, "0.0.0.0"));
    const House::Result refused = Check(house, program, config);
    EXPECT_EQ(refused.exit_code, 78) << program;
    EXPECT_THAT(refused.err, AllOf(HasSubstr("listen.address"), HasSubstr("--insecure")));
    EXPECT_EQ(Check(house, program, config, {"--insecure"}).exit_code, 0) << program;
  }
}

}  // namespace
}  // namespace wan

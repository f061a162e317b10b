// The program: exit codes and output.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/testing/files.h"
#include "tests/testing/golden.h"

namespace wan {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

struct Outcome {
  int exit_code;
  std::string output;  // both streams
};

Outcome RunVerify(const std::string& arguments) {
  const std::string command = std::string(std::getenv("WAN_BINARY_DIR")) + "/bin/wan_verify " + arguments + " 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  Outcome outcome = {-1, ""};
  std::array<char, 4096> buffer;
  while (const size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) outcome.output.append(buffer.data(), n);
  outcome.exit_code = WEXITSTATUS(::pclose(pipe));
  return outcome;
}

std::string OwnCase(const std::string& name) { return GoldenSets().front() + "/cases/" + name; }

TEST(WanVerify, JsonTellsEveryStageAndTheHashOfTheFrames) {
  const Outcome outcome = RunVerify("--json " + OwnCase("t2v21_one_step"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  const auto json = nlohmann::json::parse(outcome.output);
  EXPECT_EQ(json["passed"], true);
  EXPECT_EQ(json["cases"][0]["frames_sha256"][0].get<std::string>().size(), 64u);
  EXPECT_GT(json["cases"][0]["stages"].size(), 10u);
}

TEST(WanVerify, ExitsOneWhenAStageIsOutsideItsTolerance) {
  TemporaryFolder folder;
  fs::copy(OwnCase("scheduler_euler"), folder.path());
  std::string tensors = ReadFile(folder.File("tensors.safetensors"));
  tensors.back() ^= 0x40;  // the exponent of the last value
  WriteFile(folder.File("tensors.safetensors"), tensors);
  const Outcome outcome = RunVerify(folder.path());
  EXPECT_EQ(outcome.exit_code, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("FAILED"));
}

TEST(WanVerify, NamesWhatItCannotRunAndExitsTwo) {
  TemporaryFolder folder;
  fs::copy(OwnCase("scheduler_euler"), folder.path());
  std::string json = ReadFile(folder.File("case.json"));
  json.replace(json.find("\"scheduler\""), 11, "\"hologram\"");
  WriteFile(folder.File("case.json"), json);
  const Outcome outcome = RunVerify(folder.path());
  EXPECT_EQ(outcome.exit_code, 2) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("not supported: kind 'hologram'"));
}

TEST(WanVerify, BadUsageExitsTwoAndNamesTheFlag) {
  EXPECT_EQ(RunVerify("").exit_code, 2);
  const Outcome outcome = RunVerify("--dtype f8 x");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("--dtype: 'f8' is not allowed, allowed are f32, bf16"));
}

TEST(WanVerify, CorruptCheckpointIsNamedWithItsFile) {
  TemporaryFolder folder;
  const std::string set = GoldenSets().front();
  fs::create_directories(folder.File("cases"));
  fs::create_directories(folder.File("models"));
  fs::copy(OwnCase("t2v21_one_step"), folder.File("cases/x"), fs::copy_options::recursive);
  fs::copy(set + "/models/t2v21", folder.File("models/t2v21"), fs::copy_options::recursive);
  const std::string weights = folder.File("models/t2v21/transformer/diffusion_pytorch_model.safetensors");
  fs::resize_file(weights, fs::file_size(weights) - 1);
  const Outcome outcome = RunVerify(folder.File("cases/x"));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("transformer/diffusion_pytorch_model.safetensors: tensor '"));
}

}  // namespace
}  // namespace wan

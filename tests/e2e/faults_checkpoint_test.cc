// Checkpoints that are broken on disk, and weights that are not numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/e2e/fault_house.h"
#include "tests/testing/checkpoint.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kTransformer[] = "transformer/diffusion_pytorch_model.safetensors";
constexpr char kVae[] = "vae/diffusion_pytorch_model.safetensors";
constexpr char kTextEncoder[] = "text_encoder/model.safetensors";

// Starts wan_worker with a copy of the tiny checkpoint that `harm` has broken (it gets the copy's folder), and expects
// it to stay down. The last line of its log; the whole log in `*log`, which may be null.
std::string LastLineWith(const std::function<void(const std::string&)>& harm, std::string* log = nullptr) {
  FaultHouse house;
  house.options().checkpoint = house.Path("checkpoint");
  CopyCheckpoint("t2v21", house.options().checkpoint);
  harm(house.options().checkpoint);
  house.StartRing();
  EXPECT_EQ(AwaitExit(house.ring()), 78) << house.RingErrors();
  const std::string line = house.LastRingLine();
  const std::string termination = ReadFile(house.Path("termination-log"));
  EXPECT_THAT(line, HasSubstr(termination));
  EXPECT_THAT(termination, Not(IsEmpty()));
  EXPECT_EQ(house.rank_pid(), 0);
  if (log != nullptr) *log = house.RingErrors();
  return line;
}

struct Safetensors {
  std::string header;
  std::string data;
};

Safetensors Split(const std::string& path) {
  const std::string bytes = ReadFile(path);
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof(length));
  return {bytes.substr(8, length), bytes.substr(8 + length)};
}

TEST(FaultsCheckpointTest, TruncatedWeightsAreNamedWithTheBytesThatTheyHaveAndNeed) {
  uintmax_t size = 0;
  const std::string line = LastLineWith([&](const std::string& folder) {
    const std::string file = folder + "/" + kTransformer;
    size = std::filesystem::file_size(file);
    std::filesystem::resize_file(file, size - 1);
  });
  EXPECT_THAT(line, AllOf(HasSubstr(kTransformer), HasSubstr(absl::StrCat(size)), HasSubstr(absl::StrCat(size - 1))));
}

TEST(FaultsCheckpointTest, NameThatIsTwiceInAHeaderIsNamedWithItsFile) {
  std::string name;
  const std::string line = LastLineWith([&](const std::string& folder) {
    const std::string file = folder + "/" + kVae;
    const Safetensors parts = Split(file);
    nlohmann::json header = nlohmann::json::parse(parts.header);
    header.erase("__metadata__");
    name = header.begin().key();
    const std::string twin = absl::StrCat("{\"", name, "\":", header.begin()->dump(), ",");
    WriteFile(file, SafetensorsBytes(twin + parts.header.substr(parts.header.find('{') + 1), parts.data));
  });
  EXPECT_THAT(line, AllOf(HasSubstr(kVae), HasSubstr(name)));
}

TEST(FaultsCheckpointTest, ConfigThatDoesNotFitTheWeightsIsNamedWithTensorAndBothShapes) {
  const std::string line = LastLineWith([](const std::string& folder) {
    const std::string file = folder + "/transformer/config.json";
    nlohmann::json config = nlohmann::json::parse(ReadFile(file));
    config["ffn_dim"] = 152;
    WriteFile(file, config.dump());
  });
  EXPECT_THAT(line, AllOf(HasSubstr("/transformer"), HasSubstr("blocks.0.ffn.net.0.proj.weight"),
                          HasSubstr("[136, 64]"), HasSubstr("[152, 64]")));
}

TEST(FaultsCheckpointTest, ConfigWithAValueOfAWrongKindIsNamedWithTheKey) {
  const std::string line = LastLineWith([](const std::string& folder) {
    const std::string file = folder + "/vae/config.json";
    nlohmann::json config = nlohmann::json::parse(ReadFile(file));
    config["z_dim"] = "sixteen";
    WriteFile(file, config.dump());
  });
  EXPECT_THAT(line, AllOf(HasSubstr("vae/config.json"), HasSubstr("z_dim"), HasSubstr("sixteen")));
}

TEST(FaultsCheckpointTest, ConfigThatIsNotJsonIsNamedWithTheByte) {
  const std::string line = LastLineWith(
      [](const std::string& folder) { WriteFile(folder + "/text_encoder/config.json", "{\"d_model\": 24,,}"); });
  EXPECT_THAT(line, AllOf(HasSubstr("text_encoder/config.json"), HasSubstr("byte 16")));
}

TEST(FaultsCheckpointTest, TokenizerThatIsMissingIsNamed) {
  const std::string line =
      LastLineWith([](const std::string& folder) { std::filesystem::remove(folder + "/tokenizer/tokenizer.json"); });
  EXPECT_THAT(line, HasSubstr("tokenizer/tokenizer.json"));
}

TEST(FaultsCheckpointTest, HundredsOfWrongNamesAreCountedInTheLastLineAndAllInTheLog) {
  std::string log;
  std::vector<std::string> names;
  const std::string line = LastLineWith(
      [&](const std::string& folder) {
        const std::string file = folder + "/" + kTransformer;
        const Safetensors parts = Split(file);
        nlohmann::json renamed;
        const nlohmann::json header = nlohmann::json::parse(parts.header);
        for (const auto& [name, entry] : header.items()) {
          const bool is_tensor = name != "__metadata__";
          if (is_tensor) names.push_back(name);
          renamed[is_tensor ? "model.diffusion_model." + name : name] = entry;
        }
        WriteFile(file, SafetensorsBytes(renamed.dump(), parts.data));
      },
      &log);
  EXPECT_THAT(line, AllOf(HasSubstr("/transformer"), HasSubstr(absl::StrCat(names.size(), " missing")),
                          HasSubstr("more bytes; the log above has all")));
  EXPECT_LT(line.size(), 1500u);
  EXPECT_THAT(log, HasSubstr(absl::StrCat(names.size(), " unexpected")));
  for (const std::string& name : names) {
    EXPECT_THAT(log, HasSubstr(" " + name)) << "missing";
    EXPECT_THAT(log, HasSubstr(" model.diffusion_model." + name)) << "unexpected";
  }
}

struct NotANumber {
  const char* file;
  const char* tensor;
  const char* phase;
};

class FaultsNotANumberTest : public ::testing::TestWithParam<NotANumber> {};

TEST_P(FaultsNotANumberTest, JobFailsWithPhaseAndStepStoresNothingAndTheRingLives) {
  FaultHouse house;
  house.options().checkpoint = house.Path("checkpoint");
  CopyCheckpoint("t2v21", house.options().checkpoint);
  PokeFloat(house.options().checkpoint + "/" + GetParam().file, GetParam().tensor, 0,
            std::numeric_limits<float>::quiet_NaN());
  house.Start();
  const pid_t rank = house.rank_pid();
  const std::string job = house.Submit(FaultSpec(3));
  EXPECT_EQ(house.AwaitEnd(job).state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(ErrorOf(house.Get(job)), "DATA_LOSS/NON_FINITE");

  const nlohmann::json told = nlohmann::json::parse(house.Wanctl({"get", job, "-o", "json"}).out, nullptr, false);
  EXPECT_EQ(told.value("state", ""), "JOB_STATE_FAILED") << told;
  const nlohmann::json detail = told.value("/error/details/0"_json_pointer, nlohmann::json::object());
  EXPECT_EQ(detail.value("reason", ""), "NON_FINITE") << told;
  EXPECT_EQ(detail.value("/metadata/phase"_json_pointer, ""), GetParam().phase) << told;
  EXPECT_EQ(detail.value("/metadata/step"_json_pointer, ""), "1") << told;
  EXPECT_TRUE(std::filesystem::is_empty(house.ResultsFolder()));

  house.AwaitRing("READY");
  EXPECT_EQ(ErrorOf(house.AwaitEnd(house.Submit(FaultSpec(1)))), "DATA_LOSS/NON_FINITE");
  EXPECT_EQ(house.rank_pid(), rank);
}

INSTANTIATE_TEST_SUITE_P(EachModel, FaultsNotANumberTest,
                         ::testing::Values(NotANumber{kTransformer, "blocks.2.ffn.net.0.proj.weight", "denoising"},
                                           NotANumber{kVae, "decoder.conv_in.weight", "decoding"},
                                           NotANumber{kTextEncoder, "encoder.block.0.layer.0.SelfAttention.q.weight",
                                                      "encoding_text"}));

}  // namespace
}  // namespace wan

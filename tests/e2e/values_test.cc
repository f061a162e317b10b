// Values of a request: what is given holds, unchanged; what is not given is the model's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/e2e/video_maker.h"

namespace wan {
namespace {

class ValuesTest : public testing::Test {
 protected:
  ValuesTest() : house_(GoldenHouse()) { house_.Start(); }

  static std::vector<std::string> Flags(const std::vector<std::string>& more) {
    std::vector<std::string> flags = {"--model", "t2v21", "--prompt", "a red ball", "--steps", "3"};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }
  std::string Frames(const std::vector<std::string>& more) {
    std::vector<std::string> flags = Flags(more);
    if (std::find(more.begin(), more.end(), "--seed") == more.end()) flags.insert(flags.end(), {"--seed", "5"});
    return GeneratedFrames(house_, flags);
  }
  // Transformer forwards of the ring since its start.
  double Forwards() {
    double sum = 0;
    for (const auto line : absl::StrSplit(house_.Http(house_.ring_metrics_port(), "/metrics"), '\n')) {
      double value = 0;
      if (!absl::StartsWith(line, "wan_transformer_forwards_total{")) continue;
      EXPECT_TRUE(absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value)) << line;
      sum += value;
    }
    return sum;
  }

  House house_;
};

TEST_F(ValuesTest, WithoutGuidanceOneForwardAStepIsRunAndTheNegativePromptIsIgnored) {
  const double before = Forwards();
  const std::string plain = Frames({"--guidance", "1"});
  EXPECT_EQ(Forwards() - before, 3);
  EXPECT_EQ(Frames({"--guidance", "1", "--negative", "blurred, ugly, a very long list"}), plain);
  EXPECT_EQ(Forwards() - before, 6);
  EXPECT_EQ(Frames({"--guidance", "0"}), plain);
  EXPECT_EQ(Forwards() - before, 9);
  const std::string guided = Frames({"--guidance", "3"});
  EXPECT_EQ(Forwards() - before, 15);
  EXPECT_NE(guided, plain);
  EXPECT_NE(Frames({"--guidance", "3", "--negative", "blurred, ugly, a very long list"}), guided);
}

TEST_F(ValuesTest, AnAbsentGuidanceIsTheCataloguesAndTheReplySaysSo) {
  const MadeVideos absent = Generate(house_, Flags({"--seed", "5", "--codec", "ffv1"}));
  const MadeVideos given = Generate(house_, Flags({"--seed", "5", "--codec", "ffv1", "--guidance", "5"}));
  ASSERT_EQ(absent.videos.size(), 1u);
  ASSERT_EQ(given.videos.size(), 1u);
  EXPECT_EQ(FramesSha256(absent.videos[0].frames), FramesSha256(given.videos[0].frames));
  EXPECT_EQ(absent.job["spec"]["guidance_scale"], 5);
  EXPECT_EQ(absent.job["spec_origins"]["guidance_scale"], "VALUE_ORIGIN_MODEL");
  EXPECT_EQ(given.job["spec_origins"]["guidance_scale"], "VALUE_ORIGIN_REQUEST");
  const MadeVideos zero = Generate(house_, Flags({"--guidance", "0"}));
  EXPECT_EQ(zero.job["spec"]["guidance_scale"], 0);
  EXPECT_EQ(zero.job["spec_origins"]["guidance_scale"], "VALUE_ORIGIN_REQUEST");
}

TEST_F(ValuesTest, ASeedOf19DigitsIsTheSameInReplyTableAndFiles) {
  const std::string seed = "6687881544318117707";
  for (const auto& [codec, tag] : {std::pair{"ffv1", "WAN_SEED"}, std::pair{"h264", "wan_seed"}}) {
    const MadeVideos made = Generate(house_, Flags({"--seed", seed, "--codec", codec}));
    ASSERT_EQ(made.videos.size(), 1u);
    EXPECT_EQ(made.job["spec"]["seed"], seed);
    EXPECT_EQ(made.job["videos"][0]["seed"], seed);
    EXPECT_EQ(made.job["spec_origins"]["seed"], "VALUE_ORIGIN_REQUEST");
    EXPECT_EQ(made.videos[0].metadata.at(tag), seed);
    const std::string job_id = made.job["job_id"];
    EXPECT_TRUE(absl::StrContains(house_.Wanctl({"get", job_id}).out, seed));
    EXPECT_EQ(nlohmann::json::parse(house_.Wanctl({"get", job_id, "-o", "json"}).out)["spec"]["seed"], seed);
  }
  EXPECT_NE(Frames({"--seed", seed}), Frames({"--seed", "6687881544318117888"}));  // rounded to 53 bits
}

TEST_F(ValuesTest, SeedsThatShareTheirLow32BitsGiveEqualFramesAndAreReportedAsGiven) {
  const MadeVideos small = Generate(house_, Flags({"--seed", "1", "--codec", "ffv1"}));
  const MadeVideos large = Generate(house_, Flags({"--seed", "4294967297", "--codec", "ffv1"}));
  ASSERT_EQ(small.videos.size(), 1u);
  ASSERT_EQ(large.videos.size(), 1u);
  EXPECT_EQ(FramesSha256(small.videos[0].frames), FramesSha256(large.videos[0].frames));
  EXPECT_EQ(small.videos[0].metadata.at("WAN_SEED"), "1");
  EXPECT_EQ(large.videos[0].metadata.at("WAN_SEED"), "4294967297");
  EXPECT_EQ(large.job["videos"][0]["seed"], "4294967297");
}

TEST_F(ValuesTest, AnAbsentSeedIsChosenBelow2To32AndReported) {
  const MadeVideos made = Generate(house_, Flags({"--codec", "ffv1"}));
  ASSERT_EQ(made.videos.size(), 1u);
  EXPECT_EQ(made.job["spec_origins"]["seed"], "VALUE_ORIGIN_SERVER");
  const std::string seed = made.job["spec"]["seed"];
  EXPECT_LT(std::stoll(seed), int64_t{1} << 32);
  EXPECT_EQ(Frames({"--seed", seed}), FramesSha256(made.videos[0].frames));
}

TEST_F(ValuesTest, FlagsWinOverVariablesAndVariablesOverTheModel) {
  const auto submit = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command = {"submit", "-o", "json", "--model", "t2v21", "--prompt", "x"};
    command.insert(command.end(), more.begin(), more.end());
    return nlohmann::json::parse(house_.Wanctl(command, {{"WANCTL_STEPS", "4"}}).out);
  };
  EXPECT_EQ(submit({})["spec"]["num_steps"], 4);
  EXPECT_EQ(submit({"--steps", "5"})["spec"]["num_steps"], 5);
  EXPECT_EQ(submit({})["spec"]["width"], 32);
}

}  // namespace
}  // namespace wan

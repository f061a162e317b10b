// The numbers at the end of the road are those of the reference implementation's golden cases.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/e2e/video_maker.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

std::string CaseFolder(const std::string& name) {
  return std::string(std::getenv("WAN_SOURCE_DIR")) + "/tests/golden/cases/" + name;
}

// The request of a golden case as flags.
std::vector<std::string> Flags(const nlohmann::json& golden) {
  const nlohmann::json& request = golden.at("request");
  const auto number = [&](const char* name) { return request.at(name).dump(); };
  return {"--model",    golden.at("model"),
          "--prompt",   request.at("prompt"),
          "--negative", request.at("negative_prompt"),
          "--width",    number("width"),
          "--height",   number("height"),
          "--frames",   number("num_frames"),
          "--steps",    number("num_inference_steps"),
          "--guidance", number("guidance_scale"),
          "--seed",     number("seed"),
          "--shift",    golden.at("scheduler").at("flow_shift").dump()};
}

// The SHA-256 of the frames that wan_verify makes of a golden case, end to end.
std::string FramesOfVerify(House& house, const std::string& name) {
  const House::Result verify = house.Run("wan_verify", {CaseFolder(name), "--dtype", "f32", "--json"});
  EXPECT_EQ(verify.exit_code, 0) << verify.err;
  const nlohmann::json frames = nlohmann::json::parse(verify.out).at("cases").at(0).at("frames_sha256");
  EXPECT_EQ(frames.size(), 1u);
  return frames.at(0);
}

std::string FramesOfTheRoad(House& house, const std::string& name) {
  return GeneratedFrames(house, Flags(nlohmann::json::parse(ReadFile(CaseFolder(name) + "/case.json"))));
}

TEST(GoldenTest, FramesOfTheDemoModelEqualThoseOfVerify) {
  House house({});
  house.Start();
  EXPECT_EQ(FramesOfTheRoad(house, "wan_shapes"), FramesOfVerify(house, "wan_shapes"));
}

TEST(GoldenTest, FramesOfAUnicodePromptEqualThoseOfVerify) {
  House house(GoldenHouse());
  house.Start();
  EXPECT_EQ(FramesOfTheRoad(house, "t2v21_unipc_shift5"), FramesOfVerify(house, "t2v21_unipc_shift5"));
}

TEST(GoldenTest, EachVideoOfAJobIsMadeAgainByItsSeedAlone) {
  House house(GoldenHouse());
  house.Start();
  const std::vector<std::string> flags = {"--model", "t2v21", "--prompt", "two of them", "--codec", "ffv1"};
  const auto generate = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = flags;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Generate(house, arguments);
  };
  const MadeVideos both = generate({"--seed", "77", "--videos", "2", "--output", house.Path("both.mkv")});
  ASSERT_EQ(both.videos.size(), 2u);
  std::vector<std::string> frames;
  for (size_t i = 0; i < 2; ++i) {
    const std::string seed = both.job["videos"][i]["seed"];
    EXPECT_EQ(seed, std::to_string(77 + i));
    EXPECT_EQ(both.videos[i].metadata.at("WAN_SEED"), seed);
    EXPECT_EQ(both.job["videos"][i]["path"], house.Path("both-" + std::to_string(i) + ".mkv"));
    const MadeVideos alone = generate({"--seed", seed});
    ASSERT_EQ(alone.videos.size(), 1u);
    frames.push_back(FramesSha256(both.videos[i].frames));
    EXPECT_EQ(FramesSha256(alone.videos[0].frames), frames.back());
  }
  EXPECT_NE(frames[0], frames[1]);
}

}  // namespace
}  // namespace wan

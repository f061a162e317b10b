// The numbers at the end of the road are those of the reference implementation's golden cases.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
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

void ExpectFramesOfVerify(House& house, const std::string& name) {
  const nlohmann::json golden = nlohmann::json::parse(ReadFile(CaseFolder(name) + "/case.json"));
  const std::string frames = GeneratedFrames(house, Flags(golden));
  const House::Result verify = house.Run("wan_verify", {CaseFolder(name), "--dtype", "f32", "--json"});
  ASSERT_EQ(verify.exit_code, 0) << verify.err;
  EXPECT_NE(verify.out.find('"' + frames + '"'), std::string::npos) << frames << "\n" << verify.out;
}

TEST(GoldenTest, FramesOfTheDemoModelEqualThoseOfVerify) {
  House house({});
  house.Start();
  ExpectFramesOfVerify(house, "wan_shapes");
}

}  // namespace
}  // namespace wan

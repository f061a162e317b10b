#include "worker/tools/verify/golden_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/files.h"

namespace wan {
namespace {

GoldenCase MakeCase(const TemporaryFolder& folder, const std::string& json) {
  WriteFile(folder.File("case.json"), json);
  WriteFile(folder.File("tensors.safetensors"),
            SafetensorsBytes(R"({"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", std::string(8, '\0')));
  auto golden = GoldenCase::Load(folder.path());
  EXPECT_TRUE(golden.ok()) << golden.status();
  return *std::move(golden);
}

TEST(GoldenCase, StagesFindTheirToleranceWithoutNumbers) {
  TemporaryFolder folder;
  const GoldenCase golden = MakeCase(folder, R"({"kind": "x", "tolerance": {"step.noise_cond": {"atol": 0.25},
      "step.in.*": {"atol": 0.5}, "n01.shift3": {"atol": 1}, "out": {"atol_max": 2, "atol_mean": 0.125}}})");
  EXPECT_EQ(golden.ToleranceOf("step.003.noise_cond")->max, 0.25);
  EXPECT_EQ(golden.ToleranceOf("step.000.in.hidden_states")->max, 0.5);
  EXPECT_EQ(golden.ToleranceOf("n01.shift3")->max, 1);
  EXPECT_EQ(golden.ToleranceOf("out")->mean, 0.125);
  EXPECT_FALSE(golden.ToleranceOf("step.003.latents").ok());
}

TEST(GoldenCase, PythonsInfinitiesAreReadAndTextsAreNot) {
  TemporaryFolder folder;
  const GoldenCase golden =
      MakeCase(folder, R"({"kind": "x", "low": -Infinity, "nan": NaN, "text": "NaN \" Infinity"})");
  EXPECT_TRUE(golden.json()["low"].is_null());
  EXPECT_TRUE(golden.json()["nan"].is_null());
  EXPECT_EQ(golden.json()["text"], "NaN \" Infinity");
}

TEST(GoldenCase, ModelInsideTheCaseComesFirst) {
  TemporaryFolder folder;
  const GoldenCase golden = MakeCase(folder, R"({"kind": "x", "model": "tiny"})");
  EXPECT_THAT(golden.ModelFolder(), ::testing::EndsWith("/models/tiny"));
  WriteFile(folder.File("model/model_index.json"), "{}");
  EXPECT_EQ(golden.ModelFolder(), folder.File("model"));
}

TEST(GoldenCase, MissingCaseNamesTheFile) {
  EXPECT_THAT(std::string(GoldenCase::Load("/nonexistent").status().message()),
              ::testing::HasSubstr("/nonexistent/case.json"));
}

}  // namespace
}  // namespace wan

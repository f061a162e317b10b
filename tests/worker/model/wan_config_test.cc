#include "worker/model/wan_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/files.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<WanConfig> Parse(const std::string& json) {
  TemporaryFolder folder;
  WriteFile(folder.File("config.json"), json);
  return LoadWanConfig(folder.File("config.json"));
}

TEST(WanConfig, AbsentKeysTakeTheDefaultsOfTheClass) {
  const auto config = Parse(R"({"num_layers": 30, "unknown_key": 1, "image_dim": null})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->num_layers, 30);
  EXPECT_EQ(config->width(), 5120);
  EXPECT_EQ(config->patch_elements(), 4);
}

TEST(WanConfig, ListsEveryFaultAndWhatIsNotSupported) {
  const absl::Status status =
      Parse(R"({"num_layers": 0, "attention_head_dim": 7, "image_dim": 1280, "qk_norm": "none", "patch_size": [1, 2]})")
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  const std::string message(status.message());
  for (const char* part : {"config.json: ", "num_layers: must be a whole number from 1 to 1000, not 0",
                           "attention_head_dim: must be even, not 7", "image_dim: image conditioning",
                           "qk_norm: must be rms_norm_across_heads", "patch_size: must be three"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
}

TEST(WanConfig, OtherModelClassIsRefused) {
  EXPECT_THAT(std::string(Parse(R"({"_class_name": "UNet"})").status().message()),
              HasSubstr("_class_name: must be WanTransformer3DModel, not \"UNet\""));
}

}  // namespace
}  // namespace wan

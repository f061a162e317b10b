#include "common/generation/model_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace wan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ShippedFile() { return std::string(std::getenv("WAN_SOURCE_DIR")) + "/configs/models.yaml"; }

std::string Model(const std::string& defaults, const std::string& limits) {
  return "models:\n- name: m\n  defaults: {" + defaults + "}\n  limits: {" + limits + "}\n";
}

constexpr char kDefaults[] =
    "width: 64, height: 64, num_frames: 17, fps: 16, num_steps: 20, guidance_scale: 4, flow_shift: 3";

std::string ParseError(const std::string& yaml) {
  const absl::Status status = ModelCatalog::Parse(yaml, "m.yaml").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(ModelCatalog, ShippedFileHoldsTheModelsWithTheirDefaults) {
  const auto catalog = ModelCatalog::Load(ShippedFile());
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->models().size(), 3u);

  const ModelEntry* shapes = catalog->Find("wan-shapes");
  ASSERT_NE(shapes, nullptr);
  GenerationSpec expected;
  expected.width = 64;
  expected.height = 64;
  expected.num_frames = 17;
  expected.num_steps = 20;
  expected.guidance_scale = 4;
  expected.flow_shift = 3;
  EXPECT_EQ(shapes->defaults, expected);
  EXPECT_THAT(shapes->tasks, ElementsAre("t2v"));
  EXPECT_EQ(shapes->limits.max_side, 128);

  expected.width = 832;
  expected.height = 480;
  expected.num_frames = 81;
  expected.num_steps = 50;
  expected.guidance_scale = 5;
  ASSERT_NE(catalog->Find("t2v-1.3b"), nullptr);
  EXPECT_EQ(catalog->Find("t2v-1.3b")->defaults, expected);
  ASSERT_NE(catalog->Find("t2v-14b"), nullptr);
  EXPECT_EQ(catalog->Find("t2v-14b")->defaults.flow_shift, 5);
}

TEST(ModelCatalog, MinimalModelHasTheLimitsOfWan21) {
  const auto catalog = ModelCatalog::Parse(Model(kDefaults, ""), "m.yaml");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->Find("m")->limits.size_multiple, 16);
  EXPECT_EQ(catalog->Find("m")->display_name, "m");
}

TEST(ModelCatalog, UnknownKeyIsRefusedWithPathAndNearestName) {
  EXPECT_THAT(ParseError(Model(kDefaults, "max_stepz: 5")),
              HasSubstr("m.yaml:4: models[0].limits.max_stepz: unknown key; did you mean max_steps?"));
}

TEST(ModelCatalog, MissingDefaultIsRefused) {
  EXPECT_THAT(ParseError(Model("width: 64", "")), HasSubstr("models[0].defaults.flow_shift: is required"));
}

TEST(ModelCatalog, DefaultsBeyondTheLimitsAreRefused) {
  EXPECT_THAT(ParseError(Model(kDefaults, "size_multiple: 32, min_side: 32, max_side: 32, max_pixels: 1024")),
              HasSubstr("models[0].defaults.width: 64 is not within 32 to 32"));
}

TEST(ModelCatalog, LimitsWithoutANearestValueAreRefused) {
  const std::string error = ParseError(Model(kDefaults, "min_side: 8, max_side: 100, max_frames: 80"));
  EXPECT_THAT(error, HasSubstr("models[0].limits.min_side: must be a multiple of size_multiple"));
  EXPECT_THAT(error, HasSubstr("models[0].limits.max_side: must be a multiple of size_multiple"));
  EXPECT_THAT(error, HasSubstr("models[0].limits.max_frames: must be 4n+1"));
}

TEST(ModelCatalog, DecimalFrameRateIsRefused) {
  EXPECT_THAT(
      ParseError(Model(
          "width: 64, height: 64, num_frames: 17, fps: 29.97, num_steps: 20, guidance_scale: 4, flow_shift: 3", "")),
      HasSubstr("models[0].defaults.fps: \"29.97\" is not a frame rate"));
}

TEST(ModelCatalog, NamesAreUniqueAndPlain) {
  const std::string models = Model(kDefaults, "");
  EXPECT_THAT(ParseError(models + models.substr(models.find('-'))), HasSubstr("models[1].name: given twice"));
  EXPECT_THAT(ParseError("models: [{name: \"a b\"}]"), HasSubstr("models[0].name: must be of a-z"));
  EXPECT_THAT(ParseError("{}"), HasSubstr("models: is required"));
}

TEST(ModelCatalog, UnknownModelErrorListsTheModelsAndTheNearest) {
  const auto catalog = ModelCatalog::Load(ShippedFile());
  ASSERT_TRUE(catalog.ok());
  EXPECT_EQ(catalog->Find("wan-shape"), nullptr);
  const absl::Status status = catalog->UnknownModelError("wan-shape");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  const ErrorDetails details = GetErrorDetails(status);
  EXPECT_EQ(details.reason, kModelNotServed);
  ASSERT_EQ(details.violations.size(), 1u);
  EXPECT_EQ(details.violations[0].field, "spec.model");
  EXPECT_EQ(details.violations[0].description,
            "\"wan-shape\" is unknown; models: t2v-1.3b, t2v-14b, wan-shapes; nearest is wan-shapes");
}

}  // namespace
}  // namespace wan

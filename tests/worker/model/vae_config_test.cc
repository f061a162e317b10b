#include "worker/model/vae_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/files.h"

namespace wan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<VaeConfig> Parse(const std::string& json) {
  const TemporaryFolder folder;
  WriteFile(folder.File("config.json"), json);
  return LoadVaeConfig(folder.File("config.json"));
}

std::string Refusal(const std::string& json) {
  const auto config = Parse(json);
  EXPECT_EQ(config.status().code(), absl::StatusCode::kFailedPrecondition) << config.status();
  return std::string(config.status().message());
}

TEST(VaeConfig, AbsentKeysAreThoseOfTheReferenceClass) {
  const auto config = Parse("{}");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->base_dim, 96);
  EXPECT_EQ(config->decoder_base_dim, 96);
  EXPECT_EQ(config->z_dim, 16);
  EXPECT_THAT(config->dim_mult, ElementsAre(1, 2, 4, 4));
  EXPECT_EQ(config->num_res_blocks, 2);
  EXPECT_THAT(config->temporal_downsample, ElementsAre(false, true, true));
  EXPECT_EQ(config->latents_mean.at(7), 1.5508);
  EXPECT_EQ(config->latents_std.at(15), 1.9160);
  EXPECT_EQ(config->spatial_factor(), 8);
  EXPECT_EQ(config->temporal_factor(), 4);
}

TEST(VaeConfig, DecoderWidthThatIsNullIsTheEncoders) {
  const auto config = Parse(R"({"base_dim": 12, "decoder_base_dim": null})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->decoder_base_dim, 12);
}

TEST(VaeConfig, FactorsFollowTheLevels) {
  const auto config = Parse(R"({"dim_mult": [1, 1, 2], "temperal_downsample": [true, false]})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->spatial_factor(), 4);
  EXPECT_EQ(config->temporal_factor(), 2);
}

TEST(VaeConfig, EveryFaultIsToldAtOnceWithTheFile) {
  EXPECT_THAT(Refusal(R"({"base_dim": "wide", "num_res_blocks": 0, "dim_mult": [1, 0], "latents_mean": [0.5],
                          "attn_scales": [1.0], "in_channels": 12})"),
              AllOf(HasSubstr("config.json"), HasSubstr("base_dim"), HasSubstr("num_res_blocks"), HasSubstr("dim_mult"),
                    HasSubstr("latents_mean: must have z_dim = 16 entries"), HasSubstr("attn_scales"),
                    HasSubstr("in_channels"), Not(HasSubstr("latents_std"))));
}

TEST(VaeConfig, ResidualVaeOfWan22IsNamedAndRefused) {
  EXPECT_THAT(Refusal(R"({"is_residual": true, "patch_size": 2})"),
              AllOf(HasSubstr("is_residual: the Wan 2.2 VAE is not supported"), HasSubstr("patch_size")));
}

TEST(VaeConfig, TimeLevelsMustFitTheSpatialOnes) {
  EXPECT_THAT(Refusal(R"({"dim_mult": [1, 2, 4]})"), HasSubstr("temperal_downsample: must have 2 entries"));
}

TEST(VaeConfig, ScaleFactorsThatTheLevelsDoNotGiveAreRefused) {
  EXPECT_THAT(Refusal(R"({"scale_factor_spatial": 16, "scale_factor_temporal": 2})"),
              AllOf(HasSubstr("scale_factor_spatial: must be 8"), HasSubstr("scale_factor_temporal: must be 4")));
}

TEST(VaeConfig, StandardDeviationOfZeroIsRefused) {
  EXPECT_THAT(Refusal(R"({"z_dim": 2, "latents_mean": [0, 0], "latents_std": [1, 0]})"), HasSubstr("latents_std"));
}

TEST(VaeConfig, OfAnotherModelIsRefused) {
  EXPECT_THAT(Refusal(R"({"_class_name": "AutoencoderKL"})"), HasSubstr("_class_name"));
}

}  // namespace
}  // namespace wan

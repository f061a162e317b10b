#include "worker/pipeline/wan_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/testing/checkpoint.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

class WanModelsTest : public ::testing::Test {
 protected:
  WanModelsTest() { CopyCheckpoint("t2v21", folder_.path()); }

  absl::Status LoadStatus() const { return LoadWanModels({.checkpoint = folder_.path(), .dtype = "f32"}).status(); }

  void Replace(const std::string& file, const std::string& from, const std::string& to) {
    std::string text = ReadFile(folder_.File(file));
    ASSERT_NE(text.find(from), std::string::npos);
    text.replace(text.find(from), from.size(), to);
    WriteFile(folder_.File(file), text);
  }

  TemporaryFolder folder_;
};

TEST_F(WanModelsTest, LoadsTheCheckpointAsItIs) { EXPECT_TRUE(LoadStatus().ok()) << LoadStatus(); }

TEST_F(WanModelsTest, MissingTokenizerIsNamed) {
  std::filesystem::remove_all(folder_.File("tokenizer"));
  EXPECT_THAT(std::string(LoadStatus().message()), HasSubstr("tokenizer/tokenizer.json"));
}

TEST_F(WanModelsTest, MissingModelIndexIsNamed) {
  std::filesystem::remove(folder_.File("model_index.json"));
  EXPECT_THAT(std::string(LoadStatus().message()), HasSubstr("model_index.json is missing"));
}

TEST_F(WanModelsTest, OtherPipelineIsRefused) {
  Replace("model_index.json", "\"WanPipeline\"", "\"WanVACEPipeline\"");
  EXPECT_THAT(std::string(LoadStatus().message()), HasSubstr("_class_name: must be WanPipeline"));
}

TEST_F(WanModelsTest, SecondExpertIsRefused) {
  std::string text = ReadFile(folder_.File("model_index.json"));
  const size_t at = text.find("\"transformer_2\"");
  text.replace(text.find("null", at), 4, "\"diffusers\"");
  text.replace(text.find("null", at), 4, "\"WanTransformer3DModel\"");
  WriteFile(folder_.File("model_index.json"), text);
  EXPECT_THAT(std::string(LoadStatus().message()), HasSubstr("transformer_2: two experts"));
}

TEST_F(WanModelsTest, TruncatedWeightsAreNamedWithTheirBytes) {
  const std::string file = folder_.File("vae/diffusion_pytorch_model.safetensors");
  const auto size = std::filesystem::file_size(file);
  std::filesystem::resize_file(file, size - 1);
  const absl::Status status = LoadStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("vae/diffusion_pytorch_model.safetensors: tensor '"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("needs at least " + std::to_string(size)));
}

TEST_F(WanModelsTest, ComponentsThatDoNotFitTogetherAreNamed) {
  Replace("vae/config.json", "\"z_dim\": 16", "\"z_dim\": 8");
  EXPECT_FALSE(LoadStatus().ok());
}

TEST_F(WanModelsTest, TokenizerWithMoreIdsThanTheEncoderIsNamed) {
  Replace(
      "tokenizer/tokenizer.json", "\"vocab\": [", "\"vocab\": [" + [] {
        std::string many;
        for (int i = 0; i < 1200; ++i) many += "[\"piece" + std::to_string(i) + "\", -20.0], ";
        return many;
      }());
  EXPECT_THAT(std::string(LoadStatus().message()), HasSubstr("vocab_size is 1024: it must be more"));
}

TEST_F(WanModelsTest, UnknownDtypeListsTheAllowed) {
  const absl::Status status = LoadWanModels({.checkpoint = folder_.path(), .scheduler_dtype = "f16"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("scheduler.dtype: 'f16' is not allowed, allowed are f32, f64"));
}

}  // namespace
}  // namespace wan

#include "worker/model/umt5_encoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/testing/files.h"
#include "tests/testing/golden.h"

namespace wan {
namespace {

std::string ModelFolder() { return GoldenSets().front() + "/models/t2v21/text_encoder"; }

TEST(Umt5Encoder, RowsAfterThePromptAreZero) {
  const auto encoder = Umt5Encoder::Load(ModelFolder(), at::kFloat, at::kCPU);
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  const std::vector<int64_t> ids = {281, 334, 1};
  const at::Tensor embeds = (*encoder)->Encode(ids, 10);
  ASSERT_EQ(embeds.sizes(), (std::vector<int64_t>{1, 10, (*encoder)->config().width}));
  EXPECT_EQ(embeds.narrow(1, 3, 7).abs().max().item<float>(), 0.0f);
  EXPECT_GT(embeds.narrow(1, 0, 3).abs().min().item<float>(), 0.0f);
}

TEST(Umt5Encoder, LengthOfThePaddingDoesNotMatter) {
  const auto encoder = Umt5Encoder::Load(ModelFolder(), at::kFloat, at::kCPU);
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  const std::vector<int64_t> ids = {281, 334, 1};
  EXPECT_TRUE(at::equal((*encoder)->Encode(ids, 3), (*encoder)->Encode(ids, 512).narrow(1, 0, 3)));
}

TEST(Umt5Encoder, EmbeddingUnderEitherNameIsTheSame) {
  TemporaryFolder folder;
  std::filesystem::copy(ModelFolder(), folder.path(), std::filesystem::copy_options::recursive);
  std::string weights = ReadFile(folder.File("model.safetensors"));
  // The header is JSON: the longer name takes the room of spaces that end it, or of nothing, so rewrite it whole.
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(weights[static_cast<size_t>(i)]);
  std::string header = weights.substr(8, length);
  header.replace(header.find("shared.weight"), 13, "encoder.embed_tokens.weight");
  WriteFile(folder.File("model.safetensors"), SafetensorsBytes(header, weights.substr(8 + length)));
  const auto renamed = Umt5Encoder::Load(folder.path(), at::kFloat, at::kCPU);
  ASSERT_TRUE(renamed.ok()) << renamed.status();
  const auto original = Umt5Encoder::Load(ModelFolder(), at::kFloat, at::kCPU);
  const std::vector<int64_t> ids = {281, 1};
  EXPECT_TRUE(at::equal((*renamed)->Encode(ids, 2), (*original)->Encode(ids, 2)));
}

TEST(Umt5Encoder, WrongConfigIsNamed) {
  TemporaryFolder folder;
  WriteFile(folder.File("config.json"), R"({"model_type": "t5", "num_layers": "two"})");
  const std::string message(Umt5Encoder::Load(folder.path(), at::kFloat, at::kCPU).status().message());
  EXPECT_THAT(message, ::testing::HasSubstr("model_type: must be umt5, not \"t5\""));
  EXPECT_THAT(message, ::testing::HasSubstr("num_layers: must be a whole number"));
}

}  // namespace
}  // namespace wan

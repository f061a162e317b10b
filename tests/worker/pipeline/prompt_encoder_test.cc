#include "worker/pipeline/prompt_encoder.h"

#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <limits>

#include "common/error.h"
#include "tests/testing/checkpoint.h"
#include "tests/testing/files.h"
#include "tests/testing/golden.h"

namespace wan {
namespace {

PromptEncoder LoadEncoder(const std::string& checkpoint) {
  auto tokenizer = Umt5Tokenizer::Load(checkpoint + "/tokenizer");
  auto encoder = Umt5Encoder::Load(checkpoint + "/text_encoder", at::kFloat, at::kCPU);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  return PromptEncoder(*std::move(tokenizer), *std::move(encoder));
}

std::string OwnModel() { return GoldenSets().front() + "/models/t2v21"; }

TEST(PromptEncoder, RepeatedPromptIsNotEncodedAgain) {
  PromptEncoder encoder = LoadEncoder(OwnModel());
  const at::Tensor first = *encoder.Encode("a cat");
  EXPECT_EQ(encoder.Encode("a cat")->const_data_ptr(), first.const_data_ptr());
  EXPECT_EQ(encoder.Encode("  a   cat ")->const_data_ptr(), first.const_data_ptr());  // the same once cleaned
  EXPECT_NE(encoder.Encode("a cat", 226)->const_data_ptr(), first.const_data_ptr());
}

TEST(PromptEncoder, KeepsABoundedNumberOfPrompts) {
  PromptEncoder encoder = LoadEncoder(OwnModel());
  const at::Tensor first = *encoder.Encode("a cat");
  for (size_t i = 0; i < PromptEncoder::kCachedPrompts; ++i) {
    ASSERT_TRUE(encoder.Encode("dog " + std::to_string(i)).ok());
  }
  const at::Tensor again = *encoder.Encode("a cat");
  EXPECT_NE(again.const_data_ptr(), first.const_data_ptr());
  EXPECT_TRUE(at::equal(again, first));
}

TEST(PromptEncoder, NaNFailsEachTimeWithItsPhase) {
  TemporaryFolder folder;
  CopyCheckpoint("t2v21", folder.path());
  PokeFloat(folder.File("text_encoder/model.safetensors"), "encoder.final_layer_norm.weight", 3,
            std::numeric_limits<float>::quiet_NaN());
  PromptEncoder encoder = LoadEncoder(folder.path());
  for (int i = 0; i < 2; ++i) {  // not kept: the second time fails as well
    const absl::Status status = encoder.Encode("a cat").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(GetErrorDetails(status).metadata["phase"], "encoding_text");
  }
}

}  // namespace
}  // namespace wan

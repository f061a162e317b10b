#include "worker/model/vae_weights.h"

#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/tensors.h"
#include "tests/worker/model/vae_checkpoint.h"

namespace wan {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(VaeWeights, EveryWrongTensorIsToldInOneError) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  auto tensors = ReadTensors(checkpoint.weights_path());
  tensors.erase("encoder.conv_in.weight");
  tensors.erase("decoder.up_blocks.0.upsamplers.0.time_conv.bias");
  tensors["decoder.extra.weight"] = at::zeros({2});
  tensors["decoder.norm_out.gamma"] = at::zeros({8});
  WriteTensors(checkpoint.weights_path(), tensors);
  // Also those of the half that is not kept: such a file is not the VAE that its config says.
  for (const VaeParts parts : {VaeParts::kBoth, VaeParts::kDecoder}) {
    const auto vae = LoadVae(checkpoint.folder(), checkpoint.config(), at::kFloat, at::kCPU, parts);
    EXPECT_EQ(vae.status().code(), absl::StatusCode::kFailedPrecondition) << vae.status();
    EXPECT_THAT(std::string(vae.status().message()),
                AllOf(HasSubstr("encoder.conv_in.weight"), HasSubstr("decoder.up_blocks.0.upsamplers.0.time_conv.bias"),
                      HasSubstr("decoder.extra.weight"), HasSubstr("decoder.norm_out.gamma")));
  }
}

TEST(VaeWeights, DecoderAloneIsReadAndHeldWithoutTheEncoder) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const auto both = LoadVae(checkpoint.folder(), checkpoint.config(), at::kFloat, at::kCPU);
  const auto decoder = LoadVae(checkpoint.folder(), checkpoint.config(), at::kFloat, at::kCPU, VaeParts::kDecoder);
  ASSERT_TRUE(both.ok() && decoder.ok()) << both.status() << decoder.status();
  EXPECT_LT(decoder->bytes_read, both->bytes_read);
  EXPECT_LT(decoder->weights_bytes, both->weights_bytes);
  EXPECT_FALSE(decoder->weights.encoder.conv_in.weight.defined());
}

TEST(VaeWeights, AreHeldInTheDtypeAskedFor) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae wide = checkpoint.Load(at::kFloat), narrow = checkpoint.Load(at::kBFloat16);
  EXPECT_EQ(narrow.weights.decoder.conv_in.weight.scalar_type(), at::kBFloat16);
  EXPECT_EQ(2 * narrow.weights_bytes, wide.weights_bytes);
  EXPECT_EQ(narrow.bytes_read, wide.bytes_read);
}

}  // namespace
}  // namespace wan

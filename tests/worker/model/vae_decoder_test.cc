#include "worker/model/vae_decoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/testing/counting_allocator.h"
#include "tests/testing/tensors.h"
#include "tests/worker/model/vae_checkpoint.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

at::Tensor Decode(const VaeCheckpoint& checkpoint, const LoadedVae& vae, const at::Tensor& latents, int64_t chunk) {
  VaeDecoder decoder(checkpoint.config(), vae.weights, {.chunk = chunk});
  return at::cat(DecodeChunks(decoder, latents), 2);
}

// Of a clip's largest value. oneDNN orders its sums by the shape, so another chunk rounds otherwise.
constexpr double kRelativeRounding = 2e-5;

TEST(VaeDecoder, AnyChunkGivesTheSameFrames) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae vae = checkpoint.Load();
  const at::Tensor latents = RandomLatents(checkpoint.config(), 8, 3, 4);
  const at::Tensor frames = Decode(checkpoint, vae, latents, 1);
  EXPECT_EQ(frames.sizes(), at::IntArrayRef({1, 3, 29, 24, 32}));
  const double limit = kRelativeRounding * frames.abs().max().item<double>();
  // 3 and 4 leave a last chunk that is padded, 100 is longer than the clip.
  for (const int64_t chunk : {2, 3, 4, 7, 100, 0}) {
    EXPECT_TRUE(Near(Decode(checkpoint, vae, latents, chunk), frames, limit)) << "chunk " << chunk;
  }
}

TEST(VaeDecoder, AnyLevelsGiveTheFramesThatTheirFactorsSay) {
  VaeConfig config = TinyVaeConfig();
  config.base_dim = 4;
  config.decoder_base_dim = 6;
  config.dim_mult = {1, 1, 2, 3};
  config.temporal_downsample = {true, false, true};
  config.num_res_blocks = 2;
  const VaeCheckpoint checkpoint(config);
  const LoadedVae vae = checkpoint.Load();
  const at::Tensor latents = RandomLatents(config, 4, 2, 3);
  const at::Tensor frames = Decode(checkpoint, vae, latents, 1);
  EXPECT_EQ(frames.sizes(), at::IntArrayRef({1, 3, 13, 16, 24}));
  EXPECT_TRUE(Near(Decode(checkpoint, vae, latents, 0), frames, kRelativeRounding * frames.abs().max().item<double>()));
}

TEST(VaeDecoder, ChunksAreTheFirstFrameThenTheirLatentsAndTheRest) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae vae = checkpoint.Load();
  VaeDecoder decoder(checkpoint.config(), vae.weights, {.chunk = 3});
  std::vector<int64_t> frames;
  for (const at::Tensor& chunk : DecodeChunks(decoder, RandomLatents(checkpoint.config(), 6, 2, 2))) {
    frames.push_back(chunk.size(2));
  }
  EXPECT_THAT(frames, ::testing::ElementsAre(1, 12, 8));
}

TEST(VaeDecoder, LaterFramesDoNotChangeEarlierOnes) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae vae = checkpoint.Load();
  const at::Tensor latents = RandomLatents(checkpoint.config(), 5, 2, 2);
  const at::Tensor whole = Decode(checkpoint, vae, latents, 2);
  const at::Tensor part = Decode(checkpoint, vae, latents.narrow(2, 0, 3), 2);
  EXPECT_TRUE(at::equal(whole.narrow(2, 0, 9), part));
}

TEST(VaeDecoder, SecondStreamKnowsNothingOfTheFirst) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae vae = checkpoint.Load();
  const at::Tensor latents = RandomLatents(checkpoint.config(), 4, 2, 2);
  VaeDecoder decoder(checkpoint.config(), vae.weights, {.chunk = 2});
  ASSERT_TRUE(decoder.Begin(latents * 3.0).ok());
  decoder.Next();
  decoder.Next();  // left before its end
  EXPECT_TRUE(at::equal(at::cat(DecodeChunks(decoder, latents), 2), Decode(checkpoint, vae, latents, 2)));
  EXPECT_EQ(decoder.Next(), std::nullopt);
}

TEST(VaeDecoder, MemoryIsThatOfAChunkWhateverTheClip) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae vae = checkpoint.Load();
  const auto peak = [&](int64_t latent_frames, int64_t chunk) {
    const at::Tensor latents = RandomLatents(checkpoint.config(), latent_frames, 4, 4);
    at::Tensor frame;
    const CountingAllocator allocator;
    VaeDecoder decoder(checkpoint.config(), vae.weights, {.chunk = chunk});
    EXPECT_TRUE(decoder.Begin(latents).ok());
    while (decoder.Next()) {
    }
    EXPECT_EQ(allocator.live_bytes(), 0);
    return static_cast<double>(allocator.peak_bytes());
  };
  for (const int64_t chunk : {1, 2, 4}) {
    EXPECT_LE(peak(21, chunk), 1.02 * peak(5, chunk)) << "81 frames against 17, chunk " << chunk;
  }
  // The chunk is what bounds it, and a decoder that held more than a few activations of a level would show here:
  // the widest moment is three of 8 channels at full size, for 16 frames, with two frames of context for each of them.
  EXPECT_LT(peak(21, 1), 0.5 * peak(21, 4));
  EXPECT_LT(peak(21, 4), 4.0 * 8 * 18 * 32 * 32 * sizeof(float));
}

TEST(VaeDecoder, HalfPrecisionStaysNearFullPrecision) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae wide = checkpoint.Load(at::kFloat), narrow = checkpoint.Load(at::kBFloat16);
  const at::Tensor latents = RandomLatents(checkpoint.config(), 3, 3, 4);
  const at::Tensor expected = Decode(checkpoint, wide, latents, 1);
  const at::Tensor actual = Decode(checkpoint, narrow, latents.to(at::kBFloat16), 1);
  EXPECT_EQ(actual.scalar_type(), at::kBFloat16);
  // About 30 layers, each with a relative error of 2⁻⁹ that adds up as noise does: 1 % of the values' size.
  const double size = expected.square().mean().sqrt().item<double>();
  EXPECT_LT((actual.to(at::kFloat) - expected).square().mean().sqrt().item<double>(), 0.03 * size);
}

TEST(VaeDecoder, WeightsStoredNarrowAreComputedWithWide) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae wide = checkpoint.Load(at::kFloat), narrow = checkpoint.Load(at::kBFloat16);
  const at::Tensor latents = RandomLatents(checkpoint.config(), 3, 3, 4);
  const at::Tensor expected = Decode(checkpoint, wide, latents, 1);
  const at::Tensor actual = Decode(checkpoint, narrow, latents, 1);
  EXPECT_EQ(actual.scalar_type(), at::kFloat);
  const double size = expected.square().mean().sqrt().item<double>();
  const double error = (actual - expected).square().mean().sqrt().item<double>();
  EXPECT_LT(error, 0.03 * size);
  EXPECT_GT(error, 0.0);
}

TEST(VaeDecoder, WhatIsNotFiniteReachesTheFrames) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae vae = checkpoint.Load();
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const at::Tensor latents = RandomLatents(checkpoint.config(), 3, 2, 2);
    latents[0][1][2][0][1] = bad;
    const at::Tensor finite = at::isfinite(Decode(checkpoint, vae, latents, 1));
    EXPECT_TRUE(finite.narrow(2, 0, 5).all().item<bool>());
    EXPECT_FALSE(finite.narrow(2, 5, 4).all().item<bool>());
  }
}

TEST(VaeDecoder, OtherShapesAreRefusedWithTheirSize) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae vae = checkpoint.Load();
  VaeDecoder decoder(checkpoint.config(), vae.weights, {});
  for (const std::vector<int64_t>& shape :
       std::vector<std::vector<int64_t>>{{1, 5, 2, 4, 4}, {2, 4, 2, 4, 4}, {1, 4, 0, 4, 4}, {4, 2, 4, 4}}) {
    const absl::Status status = decoder.Begin(at::zeros(shape));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("must be [1, 4, frames, rows, columns]"));
  }
  VaeDecoder backwards(checkpoint.config(), vae.weights, {.chunk = -1});
  EXPECT_THAT(std::string(backwards.Begin(at::zeros({1, 4, 2, 4, 4})).message()), HasSubstr("decode chunk is -1"));
}

}  // namespace
}  // namespace wan

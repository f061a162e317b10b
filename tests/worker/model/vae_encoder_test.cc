#include "worker/model/vae_encoder.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/tensors.h"
#include "tests/worker/model/vae_checkpoint.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

at::Tensor RandomVideo(int64_t batch, int64_t frames, int64_t height, int64_t width) {
  return at::rand({batch, 3, frames, height, width}, at::detail::createCPUGenerator(5), at::TensorOptions(at::kFloat)) *
             2.0 -
         1.0;
}

at::Tensor Encode(const VaeCheckpoint& checkpoint, const LoadedVae& vae, const at::Tensor& video, int64_t chunk) {
  VaeEncoder encoder(checkpoint.config(), vae.weights, {.chunk = chunk});
  const auto moments = encoder.EncodeMoments(video);
  EXPECT_TRUE(moments.ok()) << moments.status();
  return moments.value_or(at::Tensor());
}

TEST(VaeEncoder, AnyChunkGivesTheSameMoments) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae vae = checkpoint.Load();
  const at::Tensor video = RandomVideo(1, 21, 16, 24);
  const at::Tensor moments = Encode(checkpoint, vae, video, 4);
  EXPECT_EQ(moments.sizes(), at::IntArrayRef({1, 8, 6, 2, 3}));
  // oneDNN orders its sums by the shape, so another chunk rounds otherwise.
  const double limit = 2e-5 * moments.abs().max().item<double>();
  for (const int64_t chunk : {8, 12, 20, 0}) {
    EXPECT_TRUE(Near(Encode(checkpoint, vae, video, chunk), moments, limit)) << "chunk " << chunk;
  }
}

TEST(VaeEncoder, VideosOfABatchAreEncodedAlone) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae vae = checkpoint.Load();
  const at::Tensor videos = RandomVideo(2, 5, 16, 16);
  const at::Tensor moments = Encode(checkpoint, vae, videos, 4);
  for (const int64_t i : {0, 1}) {
    EXPECT_TRUE(at::equal(moments.narrow(0, i, 1), Encode(checkpoint, vae, videos.narrow(0, i, 1), 4)));
  }
}

TEST(VaeEncoder, OtherShapesAreRefusedWithTheRule) {
  const VaeCheckpoint checkpoint(TinyVaeConfig());
  const LoadedVae vae = checkpoint.Load();
  const auto refusal = [&](at::IntArrayRef shape, int64_t chunk) {
    VaeEncoder encoder(checkpoint.config(), vae.weights, {.chunk = chunk});
    const auto moments = encoder.EncodeMoments(at::zeros(shape));
    EXPECT_EQ(moments.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(moments.status().message());
  };
  EXPECT_THAT(refusal({1, 3, 6, 16, 16}, 4), HasSubstr("frames are 6, must be 1 more than a multiple of 4"));
  EXPECT_THAT(refusal({1, 3, 0, 16, 16}, 4), HasSubstr("frames are 0"));
  EXPECT_THAT(refusal({1, 3, 5, 16, 20}, 4), HasSubstr("height and width are 16 and 20, must be multiples of 8"));
  EXPECT_THAT(refusal({1, 4, 5, 16, 16}, 4), HasSubstr("must be [B, 3, frames, height, width]"));
  EXPECT_THAT(refusal({1, 3, 5, 16, 16}, 6), HasSubstr("encode chunk is 6 frames, must be 0 or a multiple of 4"));
}

}  // namespace
}  // namespace wan

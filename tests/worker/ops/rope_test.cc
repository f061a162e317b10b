#include "worker/ops/rope.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

namespace wan {
namespace {

TEST(Rope, AnglesOfEveryAxisUseTheirOwnDenominator) {
  // Head of 128: 44 channels for time, 42 each for rows and columns.
  const int64_t frames = 3, rows = 4, columns = 5;
  const RopeTables tables = MakeRopeTables(frames, rows, columns, 128, at::kCPU);
  ASSERT_EQ(tables.cos.sizes(), (std::vector<int64_t>{frames * rows * columns, 1, 64}));
  for (int64_t t = 0; t < frames; ++t) {
    for (int64_t h = 0; h < rows; ++h) {
      for (int64_t w = 0; w < columns; ++w) {
        const int64_t token = (t * rows + h) * columns + w;
        for (int64_t pair = 0; pair < 64; ++pair) {
          const bool is_time = pair < 22, is_row = pair < 43;
          const int64_t j = is_time ? pair : is_row ? pair - 22 : pair - 43;
          const int64_t position = is_time ? t : is_row ? h : w;
          const double angle =
              static_cast<double>(position) * std::pow(10000.0, -2.0 * static_cast<double>(j) / (is_time ? 44 : 42));
          EXPECT_FLOAT_EQ(tables.cos[token][0][pair].item<float>(), static_cast<float>(std::cos(angle)));
          EXPECT_NEAR(tables.sin[token][0][pair].item<float>(), std::sin(angle), 1e-7);
        }
      }
    }
  }
}

TEST(Rope, RotatesAdjacentPairs) {
  const RopeTables tables = MakeRopeTables(2, 1, 1, 6, at::kCPU);
  at::Tensor x = at::zeros({1, 2, 1, 6});
  x[0][1][0][0] = 1.0;  // position 1 in time, first pair
  const at::Tensor y = ApplyRope(x, tables);
  EXPECT_FLOAT_EQ(y[0][1][0][0].item<float>(), std::cos(1.0f));
  EXPECT_FLOAT_EQ(y[0][1][0][1].item<float>(), std::sin(1.0f));
}

TEST(Rope, FirstTokenIsNotTurned) {
  const at::Tensor x = at::randn({1, 4, 2, 16});
  const at::Tensor y = ApplyRope(x, MakeRopeTables(1, 2, 2, 16, at::kCPU));
  EXPECT_TRUE(at::equal(y.narrow(1, 0, 1), x.narrow(1, 0, 1)));
  EXPECT_FALSE(at::equal(y.narrow(1, 3, 1), x.narrow(1, 3, 1)));
}

TEST(Rope, Bf16IsRotatedInFp32AndRoundedOnce) {
  const at::Tensor x = at::randn({1, 8, 2, 16}).to(at::kBFloat16);
  const RopeTables tables = MakeRopeTables(2, 2, 2, 16, at::kCPU);
  EXPECT_TRUE(at::equal(ApplyRope(x, tables), ApplyRope(x.to(at::kFloat), tables).to(at::kBFloat16)));
}

}  // namespace
}  // namespace wan

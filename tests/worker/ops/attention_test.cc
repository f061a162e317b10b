#include "worker/ops/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <gtest/gtest.h>

#include <cmath>

namespace wan {
namespace {

TEST(Attention, EqualsSoftmaxOfScaledScores) {
  const at::Tensor q = at::randn({2, 7, 3, 16}), k = at::randn({2, 11, 3, 16}), v = at::randn({2, 11, 3, 16});
  const at::Tensor scores = at::matmul(q.transpose(1, 2), k.permute({0, 2, 3, 1})) / std::sqrt(16.0);
  const at::Tensor expected = at::matmul(at::softmax(scores, -1), v.transpose(1, 2)).transpose(1, 2).flatten(2);
  const at::Tensor actual = Attention(q, k, v);
  ASSERT_EQ(actual.sizes(), (std::vector<int64_t>{2, 7, 48}));
  EXPECT_LE((actual - expected).abs().max().item<float>(), 1e-5);  // order of summation
}

TEST(Attention, TellsTheBackendThatRuns) {
  const at::Tensor x = at::randn({1, 8, 2, 16});
  const absl::string_view backend = AttentionBackend(x, x, x);
  EXPECT_TRUE(backend == "flash" || backend == "math") << std::string(backend);
}

}  // namespace
}  // namespace wan

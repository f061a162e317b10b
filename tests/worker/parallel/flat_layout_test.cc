#include "worker/parallel/flat_layout.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "worker/parallel/parameter_gatherer.h"

namespace wan {
namespace {

FlatLayout MixedLayout() {
  FlatLayout layout;
  layout.Add("a", at::kBFloat16, {3, 5});
  layout.Add("b", at::kFloat, {7});
  layout.Add("c", at::kByte, {300});
  return layout;
}

TEST(FlatLayout, AlignsEveryTensorAndTheTotal) {
  const FlatLayout layout = MixedLayout();
  EXPECT_EQ(layout.entries()[1].offset, 256);
  EXPECT_EQ(layout.entries()[2].offset, 512);
  EXPECT_EQ(layout.total_bytes(), 1024);
}

TEST(FlatLayout, ViewsShareTheBufferAndDoNotOverlap) {
  const FlatLayout layout = MixedLayout();
  const at::Tensor flat = at::zeros({layout.total_bytes()}, at::TensorOptions(at::kByte));
  const std::vector<at::Tensor> views = layout.Views(flat);
  ASSERT_EQ(views.size(), 3u);
  EXPECT_EQ(views[0].sizes(), (std::vector<int64_t>{3, 5}));
  views[0].fill_(1);
  EXPECT_EQ(views[1].sum().item<float>(), 0);
  EXPECT_EQ(views[2].sum().item<int64_t>(), 0);
  EXPECT_NE(flat.sum().item<int64_t>(), 0);
}

TEST(ResidentParameters, AcquireGivesTheBlocksOwnBytes) {
  const FlatLayout layout = MixedLayout();
  const auto buffer = [&](int value) {
    return at::zeros({layout.total_bytes()}, at::TensorOptions(at::kByte)).fill_(value);
  };
  ResidentParameters parameters(layout, {buffer(1), buffer(2)});
  EXPECT_EQ(parameters.num_blocks(), 2);
  EXPECT_EQ(parameters.resident_bytes(), 2 * layout.total_bytes());
  EXPECT_EQ(parameters.Acquire(1)[2][0].item<int64_t>(), 2);
}

}  // namespace
}  // namespace wan

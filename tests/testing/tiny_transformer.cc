#include "tests/testing/tiny_transformer.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

namespace wan {

TinyTransformer MakeTinyTransformer() {
  WanConfig config;
  config.num_heads = 2;
  config.head_dim = 12;
  config.in_channels = config.out_channels = 4;
  config.text_dim = 10;
  config.freq_dim = 16;
  config.ffn_dim = 20;
  config.num_layers = 3;
  at::Generator generator = at::detail::createCPUGenerator(7);
  const auto random = [&](std::vector<int64_t> shape) {
    return at::randn(shape, generator, at::TensorOptions(at::kFloat)) * 0.3;
  };
  const auto linear = [&](int64_t out, int64_t in) { return LinearWeights{random({out, in}), random({out})}; };
  const int64_t width = config.width();
  WanOuterWeights outer;
  outer.patch_embedding = linear(width, config.in_channels * config.patch_elements());
  outer.condition = {linear(width, config.freq_dim), linear(width, width), linear(6 * width, width),
                     linear(width, config.text_dim), linear(width, width)};
  outer.scale_shift_table = random({1, 2, width});
  outer.proj_out = linear(config.patch_elements() * config.out_channels, width);
  const FlatLayout layout = WanBlockLayout(config, at::kFloat);
  std::vector<at::Tensor> blocks;
  for (int64_t i = 0; i < config.num_layers; ++i) {
    blocks.push_back(at::zeros({layout.total_bytes()}, at::TensorOptions(at::kByte)));
    for (const at::Tensor& view : layout.Views(blocks.back())) view.copy_(random(view.sizes().vec()));
  }
  auto parameters = std::make_unique<CountingParameters>(layout, blocks);
  CountingParameters* counted = parameters.get();
  return {std::make_unique<WanTransformer>(config, at::kFloat, outer, std::move(parameters)), counted};
}

}  // namespace wan

#include "tests/worker/model/vae_checkpoint.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "common/log.h"
#include "tests/testing/tensors.h"

namespace wan {

VaeCheckpoint::VaeCheckpoint(const VaeConfig& config) : config_(config) {
  at::Generator generator = at::detail::createCPUGenerator(7);
  std::map<std::string, at::Tensor> tensors;
  for (const ExpectedTensor& tensor : VaeTensors(config)) {
    at::Tensor values = at::randn(tensor.shape, generator, at::TensorOptions(at::kFloat));
    if (absl::EndsWith(tensor.name, ".gamma")) {
      values = values * 0.1 + 1.0;
    } else if (absl::EndsWith(tensor.name, ".bias")) {
      values = values * 0.1;
    } else {
      int64_t fan_in = 1;
      for (size_t i = 1; i < tensor.shape.size(); ++i) fan_in *= tensor.shape[i];
      values = values / std::sqrt(static_cast<double>(fan_in));
    }
    tensors.emplace(tensor.name, std::move(values));
  }
  WriteTensors(weights_path(), tensors);
}

LoadedVae VaeCheckpoint::Load(at::ScalarType dtype) const {
  auto vae = LoadVae(folder(), config_, dtype, at::kCPU);
  EXPECT_TRUE(vae.ok()) << vae.status();
  WAN_CHECK(vae.ok());
  return *std::move(vae);
}

VaeConfig TinyVaeConfig() {
  VaeConfig config;
  config.base_dim = config.decoder_base_dim = 8;
  config.z_dim = 4;
  config.num_res_blocks = 1;
  config.latents_mean = {0.1, -0.2, 0.3, -0.4};
  config.latents_std = {1.5, 0.5, 2.5, 0.7};
  return config;
}

at::Tensor RandomLatents(const VaeConfig& config, int64_t frames, int64_t rows, int64_t columns) {
  return at::randn({1, config.z_dim, frames, rows, columns}, at::detail::createCPUGenerator(11),
                   at::TensorOptions(at::kFloat));
}

std::vector<at::Tensor> DecodeChunks(VaeDecoder& decoder, const at::Tensor& latents) {
  const absl::Status status = decoder.Begin(latents);
  EXPECT_TRUE(status.ok()) << status;
  std::vector<at::Tensor> chunks;
  while (status.ok()) {
    std::optional<at::Tensor> chunk = decoder.Next();
    if (!chunk) break;
    chunks.push_back(*chunk);
  }
  return chunks;
}

}  // namespace wan

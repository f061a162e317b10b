#include "worker/model/vae_weights.h"

#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/checkpoint/shard_loader.h"

namespace wan {
namespace {

using Shape = std::vector<int64_t>;
// Gets each tensor's checkpoint name, its place and the shape it has in the file.
using Visit = std::function<void(const std::string& name, at::Tensor& place, Shape shape)>;

void VisitConv(const Visit& visit, const std::string& name, ConvWeights& conv, int64_t out, int64_t in, Shape kernel) {
  Shape shape = {out, in};
  shape.insert(shape.end(), kernel.begin(), kernel.end());
  visit(name + ".weight", conv.weight, std::move(shape));
  visit(name + ".bias", conv.bias, {out});
}

void VisitResidual(const Visit& visit, const std::string& name, VaeResidualWeights& block, int64_t in, int64_t out) {
  visit(name + ".norm1.gamma", block.norm1, {in, 1, 1, 1});
  VisitConv(visit, name + ".conv1", block.conv1, out, in, {3, 3, 3});
  visit(name + ".norm2.gamma", block.norm2, {out, 1, 1, 1});
  VisitConv(visit, name + ".conv2", block.conv2, out, out, {3, 3, 3});
  if (in != out) VisitConv(visit, name + ".conv_shortcut", block.shortcut, out, in, {1, 1, 1});
}

void VisitMid(const Visit& visit, const std::string& name, VaeMidWeights& mid, int64_t width) {
  VisitResidual(visit, name + ".resnets.0", mid.first, width, width);
  visit(name + ".attentions.0.norm.gamma", mid.attention.norm, {width, 1, 1});
  VisitConv(visit, name + ".attentions.0.to_qkv", mid.attention.to_qkv, 3 * width, width, {1, 1});
  VisitConv(visit, name + ".attentions.0.proj", mid.attention.proj, width, width, {1, 1});
  VisitResidual(visit, name + ".resnets.1", mid.second, width, width);
}

void VisitDecoder(const Visit& visit, const VaeConfig& config, VaeDecoderWeights& decoder) {
  const auto levels = static_cast<size_t>(config.num_levels());
  const auto width = [&](size_t level) { return config.decoder_base_dim * config.dim_mult[levels - 1 - level]; };
  VisitConv(visit, "post_quant_conv", decoder.post_quant, config.z_dim, config.z_dim, {1, 1, 1});
  VisitConv(visit, "decoder.conv_in", decoder.conv_in, width(0), config.z_dim, {3, 3, 3});
  VisitMid(visit, "decoder.mid_block", decoder.mid, width(0));
  decoder.levels.resize(levels);
  int64_t in = width(0);
  for (size_t i = 0; i < levels; ++i) {
    const std::string name = absl::StrCat("decoder.up_blocks.", i);
    const int64_t out = width(i);
    VaeLevelWeights& level = decoder.levels[i];
    level.residuals.resize(static_cast<size_t>(config.num_res_blocks) + 1);
    for (size_t r = 0; r < level.residuals.size(); ++r) {
      VisitResidual(visit, absl::StrCat(name, ".resnets.", r), level.residuals[r], in, out);
      in = out;
    }
    if (i + 1 == levels) break;
    level.resample.resize(1);
    const std::string resample = name + ".upsamplers.0";
    VisitConv(visit, resample + ".resample.1", level.resample[0].spatial, out / 2, out, {3, 3});
    if (config.temporal_downsample[levels - 2 - i]) {
      VisitConv(visit, resample + ".time_conv", level.resample[0].time, 2 * out, out, {3, 1, 1});
    }
    in = out / 2;
  }
  visit("decoder.norm_out.gamma", decoder.norm_out, {in, 1, 1, 1});
  VisitConv(visit, "decoder.conv_out", decoder.conv_out, 3, in, {3, 3, 3});
}

void VisitEncoder(const Visit& visit, const VaeConfig& config, VaeEncoderWeights& encoder) {
  const auto levels = static_cast<size_t>(config.num_levels());
  int64_t in = config.base_dim;
  VisitConv(visit, "encoder.conv_in", encoder.conv_in, in, 3, {3, 3, 3});
  encoder.levels.resize(levels);
  int64_t next = 0;  // the files number residual blocks and resamplers in one row
  for (size_t i = 0; i < levels; ++i) {
    const int64_t out = config.base_dim * config.dim_mult[i];
    VaeLevelWeights& level = encoder.levels[i];
    level.residuals.resize(static_cast<size_t>(config.num_res_blocks));
    for (VaeResidualWeights& residual : level.residuals) {
      VisitResidual(visit, absl::StrCat("encoder.down_blocks.", next++), residual, in, out);
      in = out;
    }
    if (i + 1 == levels) break;
    level.resample.resize(1);
    const std::string resample = absl::StrCat("encoder.down_blocks.", next++);
    VisitConv(visit, resample + ".resample.1", level.resample[0].spatial, out, out, {3, 3});
    if (config.temporal_downsample[i]) {
      VisitConv(visit, resample + ".time_conv", level.resample[0].time, out, out, {3, 1, 1});
    }
  }
  VisitMid(visit, "encoder.mid_block", encoder.mid, in);
  visit("encoder.norm_out.gamma", encoder.norm_out, {in, 1, 1, 1});
  VisitConv(visit, "encoder.conv_out", encoder.conv_out, 2 * config.z_dim, in, {3, 3, 3});
  VisitConv(visit, "quant_conv", encoder.quant, 2 * config.z_dim, 2 * config.z_dim, {1, 1, 1});
}

// The layout that the convolutions run in: gammas and biases as vectors, kernels with five axes, channels innermost.
at::Tensor Arrange(const std::string& name, const at::Tensor& tensor) {
  if (!absl::EndsWith(name, ".weight")) return tensor.flatten();
  const at::Tensor kernel = tensor.dim() == 4 ? tensor.unsqueeze(2) : tensor;
  return kernel.contiguous(at::MemoryFormat::ChannelsLast3d);
}

}  // namespace

std::vector<ExpectedTensor> VaeTensors(const VaeConfig& config) {
  std::vector<ExpectedTensor> tensors;
  const Visit add = [&](const std::string& name, at::Tensor&, Shape shape) {
    tensors.push_back({name, std::move(shape)});
  };
  VaeWeights unused;
  VisitDecoder(add, config, unused.decoder);
  VisitEncoder(add, config, unused.encoder);
  return tensors;
}

absl::StatusOr<LoadedVae> LoadVae(const std::string& folder, const VaeConfig& config, at::ScalarType dtype,
                                  at::Device device, VaeParts parts) {
  WAN_ASSIGN_OR_RETURN(const CheckpointIndex index, CheckpointIndex::Open(folder));
  WAN_RETURN_IF_ERROR(index.Check(VaeTensors(config), [](const std::string&) { return false; }));

  LoadedVae vae;
  ShardLoader loader(index);
  absl::Status status;
  const Visit load = [&](const std::string& name, at::Tensor& place, const Shape&) {
    if (!status.ok()) return;
    auto tensor = loader.Load(name, dtype, device);
    if (!tensor.ok()) {
      status = tensor.status();
      return;
    }
    place = Arrange(name, *tensor);
    vae.weights_bytes += static_cast<int64_t>(place.nbytes());
  };
  VisitDecoder(load, config, vae.weights.decoder);
  if (parts == VaeParts::kBoth) VisitEncoder(load, config, vae.weights.encoder);
  WAN_RETURN_IF_ERROR(status);
  vae.bytes_read = loader.bytes_read();
  return vae;
}

}  // namespace wan

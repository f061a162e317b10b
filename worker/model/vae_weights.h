#ifndef WAN_WORKER_MODEL_VAE_WEIGHTS_H_
#define WAN_WORKER_MODEL_VAE_WEIGHTS_H_

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/checkpoint/checkpoint_index.h"
#include "worker/model/vae_config.h"

namespace wan {

// A convolution; 2-D kernels of the checkpoint are held with a time axis of one.
struct ConvWeights {
  at::Tensor weight;  // [out, in, kt, kh, kw]
  at::Tensor bias;    // [out]
};

struct VaeResidualWeights {
  at::Tensor norm1, norm2;  // gamma, [C]
  ConvWeights conv1, conv2;
  ConvWeights shortcut;  // undefined where in = out
};

struct VaeAttentionWeights {
  at::Tensor norm;  // gamma, [C]
  ConvWeights to_qkv, proj;
};

struct VaeMidWeights {
  VaeResidualWeights first, second;
  VaeAttentionWeights attention;
};

// A change of resolution: spatial always, temporal where `time` is defined.
struct VaeResampleWeights {
  ConvWeights spatial;
  ConvWeights time;
};

struct VaeLevelWeights {
  std::vector<VaeResidualWeights> residuals;
  std::vector<VaeResampleWeights> resample;  // none at the last level
};

struct VaeDecoderWeights {
  ConvWeights post_quant, conv_in, conv_out;
  VaeMidWeights mid;
  std::vector<VaeLevelWeights> levels;
  at::Tensor norm_out;
};

struct VaeEncoderWeights {  // empty unless loaded
  ConvWeights conv_in, conv_out, quant;
  std::vector<VaeLevelWeights> levels;
  VaeMidWeights mid;
  at::Tensor norm_out;
};

struct VaeWeights {
  VaeDecoderWeights decoder;
  VaeEncoderWeights encoder;
};

struct LoadedVae {
  VaeWeights weights;
  int64_t weights_bytes = 0;
  int64_t bytes_read = 0;
};

// Every tensor of the checkpoint of such a VAE, with its shape there.
std::vector<ExpectedTensor> VaeTensors(const VaeConfig& config);

// Which halves a model keeps: text to video needs no encoder.
enum class VaeParts { kBoth, kDecoder };

// Loads the safetensors of `folder` as `dtype`, which need not be the one computed in: the convolutions cast at each
// use. The file is checked whole, whatever `parts` are kept: one error lists every missing, unexpected or misshapen
// tensor.
absl::StatusOr<LoadedVae> LoadVae(const std::string& folder, const VaeConfig& config, at::ScalarType dtype,
                                  at::Device device, VaeParts parts = VaeParts::kBoth);

}  // namespace wan

#endif  // WAN_WORKER_MODEL_VAE_WEIGHTS_H_

// The layers that encoder and decoder share. Every spatial convolution goes through ops/causal_conv3d, the one place
// where rows of a neighbour would be exchanged. All tensors [1, C, t, h, w],
// channels-last-3d from the first convolution to the last, so that none is ever rearranged. Those taken by value are
// freed as early as the arithmetic allows when moved in.
#ifndef WAN_WORKER_MODEL_VAE_LAYERS_H_
#define WAN_WORKER_MODEL_VAE_LAYERS_H_

#include <ATen/core/Tensor.h>

#include "worker/model/feature_cache.h"
#include "worker/model/vae_weights.h"

namespace wan {

// Convolves over time as well, with the stream's next slot of `cache` as the frames before x.
at::Tensor VaeCausalConv(const ConvWeights& weights, at::Tensor x, FeatureCache& cache);

// norm, SiLU, conv, norm, SiLU, conv, plus the input
at::Tensor VaeResidual(const VaeResidualWeights& weights, at::Tensor x, FeatureCache& cache);

// residual, attention of each frame over its own positions (one head of C channels), residual
at::Tensor VaeMid(const VaeMidWeights& weights, at::Tensor x, FeatureCache& cache);

// norm, SiLU, causal convolution
at::Tensor VaeHead(const at::Tensor& gamma, const ConvWeights& weights, at::Tensor x, FeatureCache& cache);

}  // namespace wan

#endif  // WAN_WORKER_MODEL_VAE_LAYERS_H_

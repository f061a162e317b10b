// The UMT5 text encoder. Reference: UMT5EncoderModel of transformers.
#ifndef WAN_WORKER_MODEL_UMT5_ENCODER_H_
#define WAN_WORKER_MODEL_UMT5_ENCODER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/parallel/parameter_gatherer.h"

namespace wan {

// text_encoder/config.json; defaults are those of UMT5-XXL.
struct Umt5Config {
  int64_t vocab_size = 256384;
  int64_t width = 4096;     // d_model
  int64_t head_dim = 64;    // d_kv
  int64_t ffn_dim = 10240;  // d_ff
  int64_t num_layers = 24;
  int64_t num_heads = 64;
  int64_t num_buckets = 32;
  int64_t max_distance = 128;
  double eps = 1e-6;
};

absl::StatusOr<Umt5Config> LoadUmt5Config(const std::string& path);

// Buckets of relative positions key − query, bidirectional: half of the buckets for each sign, the first half of those
// exact, the rest logarithmic up to max_distance. relative: int64, any shape; returns int64 in [0, num_buckets).
at::Tensor RelativePositionBucket(const at::Tensor& relative, int64_t num_buckets, int64_t max_distance);

// Compute thread only.
class Umt5Encoder {
 public:
  static absl::StatusOr<std::unique_ptr<Umt5Encoder>> Load(const std::string& folder, at::ScalarType dtype,
                                                           at::Device device);

  // What is outside the blocks.
  struct OuterWeights {
    at::Tensor embedding;   // [vocab_size, width]
    at::Tensor final_norm;  // [width]
  };

  Umt5Encoder(const Umt5Config& config, OuterWeights outer, std::unique_ptr<ParameterGatherer> blocks);

  const Umt5Config& config() const { return config_; }
  int64_t weights_bytes() const;
  int64_t bytes_read() const { return bytes_read_; }

  // ids: the n real tokens of one prompt (padding would be masked as keys and dropped as queries: leaving it out gives
  // the same rows). Returns [1, padded_length, width], zero from row n on. Precondition: 1 ≤ n ≤ padded_length, ids
  // below vocab_size.
  at::Tensor Encode(std::span<const int64_t> ids, int64_t padded_length);

 private:
  const Umt5Config config_;
  const OuterWeights outer_;
  const std::unique_ptr<ParameterGatherer> blocks_;
  int64_t bytes_read_ = 0;
};

}  // namespace wan

#endif  // WAN_WORKER_MODEL_UMT5_ENCODER_H_

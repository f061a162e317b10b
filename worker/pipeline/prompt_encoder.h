#ifndef WAN_WORKER_PIPELINE_PROMPT_ENCODER_H_
#define WAN_WORKER_PIPELINE_PROMPT_ENCODER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/model/umt5_encoder.h"
#include "worker/text/umt5_tokenizer.h"

namespace wan {

// Prompt → embeddings: cleaning, tokens, UMT5, with the latest embeddings kept, since negative prompts repeat from job
// to job. Compute thread.
class PromptEncoder {
 public:
  static constexpr int64_t kDefaultLength = 512;
  static constexpr size_t kCachedPrompts = 32;  // 512 x 4096 in bf16 is 4 MiB a prompt

  PromptEncoder(Umt5Tokenizer tokenizer, std::unique_ptr<Umt5Encoder> encoder);

  const Umt5Tokenizer& tokenizer() const { return tokenizer_; }
  Umt5Encoder& encoder() { return *encoder_; }

  // [1, max_length, width], zero rows after the prompt's end. DATA_LOSS / NON_FINITE with phase "encoding_text" when
  // the encoder gives numbers that are not finite; those are not kept.
  absl::StatusOr<at::Tensor> Encode(absl::string_view prompt, int64_t max_length = kDefaultLength);

 private:
  struct Entry {
    std::string key;
    at::Tensor embeds;
  };

  const Umt5Tokenizer tokenizer_;
  const std::unique_ptr<Umt5Encoder> encoder_;
  std::list<Entry> recent_;  // most recently used first
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> by_key_;
};

}  // namespace wan

#endif  // WAN_WORKER_PIPELINE_PROMPT_ENCODER_H_

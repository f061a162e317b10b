#include "worker/pipeline/prompt_encoder.h"

#include <ATen/ops/isfinite.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "worker/text/prompt_cleaner.h"

namespace wan {

PromptEncoder::PromptEncoder(Umt5Tokenizer tokenizer, std::unique_ptr<Umt5Encoder> encoder)
    : tokenizer_(std::move(tokenizer)), encoder_(std::move(encoder)) {}

absl::StatusOr<at::Tensor> PromptEncoder::Encode(absl::string_view prompt, int64_t max_length) {
  const std::string cleaned = CleanPrompt(prompt);
  std::string key = absl::StrCat(max_length, ":", cleaned);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return recent_.front().embeds;
  }
  const TokenizedPrompt tokens = tokenizer_.Encode(cleaned, max_length);
  at::Tensor embeds = encoder_->Encode(tokens.ids, max_length);
  if (!at::isfinite(embeds).all().item<bool>()) {
    return MakeError(absl::StatusCode::kDataLoss, kNonFinite, "prompt embeddings are not finite",
                     {{"phase", "encoding_text"}, {"step", "1"}});
  }
  recent_.push_front({key, embeds});
  by_key_[std::move(key)] = recent_.begin();
  if (recent_.size() > kCachedPrompts) {
    by_key_.erase(recent_.back().key);
    recent_.pop_back();
  }
  return embeds;
}

}  // namespace wan

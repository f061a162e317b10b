// A unigram tokenizer as a Hugging Face tokenizer.json describes it; that of UMT5 in Wan checkpoints. The file is
// followed as it is, unlike transformers' T5TokenizerFast, which rebuilds parts of it (see tokenization_t5.py there).
// What a file may contain: the comments of added_tokens.h, normalizer.h, pre_tokenizer.h and unigram_model.h.
#ifndef WAN_WORKER_TEXT_UMT5_TOKENIZER_H_
#define WAN_WORKER_TEXT_UMT5_TOKENIZER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/text/added_tokens.h"
#include "worker/text/json_node.h"
#include "worker/text/normalizer.h"
#include "worker/text/pre_tokenizer.h"
#include "worker/text/unigram_model.h"

namespace wan {

inline constexpr int64_t kPadId = 0;  // fills ids up to max_sequence_length, on the right

struct TokenizedPrompt {
  std::vector<int64_t> ids;  // at most max_sequence_length, not padded, "</s>" included
  bool truncated = false;    // the prompt had more
};

// Immutable, any thread.
class Umt5Tokenizer {
 public:
  // Reads tokenizer.json of the folder. FAILED_PRECONDITION when it is missing or asks for something unsupported,
  // DATA_LOSS when it is damaged; the message names file and place in it.
  static absl::StatusOr<Umt5Tokenizer> Load(const std::string& tokenizer_folder);

  // `cleaned` comes from CleanPrompt. A prompt that is too long loses its end, never its special tokens.
  // Precondition: max_sequence_length is at least the number of special tokens (1, "</s>").
  TokenizedPrompt Encode(absl::string_view cleaned, int64_t max_sequence_length) const;

  // Encode gives no id above; to be compared with the encoder's vocabulary.
  int64_t max_id() const { return max_id_; }

 private:
  Umt5Tokenizer(UnigramModel model, Normalizer normalizer)
      : normalizer_(std::move(normalizer)), model_(std::move(model)) {}

  absl::Status ReadTemplate(const JsonNode& node);

  Normalizer normalizer_;
  AddedTokens added_tokens_;
  PreTokenizer pre_tokenizer_;
  UnigramModel model_;
  std::vector<int64_t> prefix_, suffix_;  // special tokens around the prompt
  int64_t max_id_ = 0;
};

}  // namespace wan

#endif  // WAN_WORKER_TEXT_UMT5_TOKENIZER_H_

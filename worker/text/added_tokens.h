#ifndef WAN_WORKER_TEXT_ADDED_TOKENS_H_
#define WAN_WORKER_TEXT_ADDED_TOKENS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/text/json_node.h"
#include "worker/text/normalizer.h"
#include "worker/text/prefix_table.h"
#include "worker/text/unigram_model.h"

namespace wan {

// "added_tokens" of tokenizer.json: texts such as "</s>" that become one id wherever they are written. Those with
// `normalized` false are looked for in the text as it came, the others in the normalised text. Immutable, any thread.
class AddedTokens {
 public:
  struct Span {
    absl::string_view text;
    std::optional<int64_t> id;  // absent: ordinary text
  };

  AddedTokens() = default;

  // Ids: the model's where it knows the text, else counted on from its vocabulary. The file's own "id" is not used, as
  // in Hugging Face tokenizers; one that differs is logged.
  static absl::StatusOr<AddedTokens> FromJson(const JsonNode& node, const UnigramModel& model,
                                              const Normalizer& normalizer);

  // Cut out the tokens, the longest at the leftmost place first. Views into the argument.
  std::vector<Span> SplitRaw(absl::string_view utf8) const { return Split(utf8, raw_); }
  std::vector<Span> SplitNormalized(absl::string_view utf8) const { return Split(utf8, normalized_); }

  int64_t max_id() const { return max_id_; }  // -1 without tokens

 private:
  struct Token {
    int64_t id = 0;
    bool single_word = false, lstrip = false, rstrip = false;
  };

  std::vector<Span> Split(absl::string_view utf8, const PrefixTable& patterns) const;

  std::vector<Token> tokens_;
  PrefixTable raw_, normalized_;  // pattern → index into tokens_
  int64_t max_id_ = -1;
};

}  // namespace wan

#endif  // WAN_WORKER_TEXT_ADDED_TOKENS_H_

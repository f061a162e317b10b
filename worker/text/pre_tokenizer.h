#ifndef WAN_WORKER_TEXT_PRE_TOKENIZER_H_
#define WAN_WORKER_TEXT_PRE_TOKENIZER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/text/json_node.h"

namespace wan {

// "pre_tokenizer" of tokenizer.json: Metaspace, WhitespaceSplit, Sequence. Cuts text into the words that the model
// segments one by one. Immutable, any thread.
class PreTokenizer {
 public:
  struct Piece {
    std::string text;
    bool begins_prompt;  // its first character is the first of the whole prompt (prepend_scheme "first")
  };

  PreTokenizer() = default;  // cuts nothing

  // FAILED_PRECONDITION for another type, DATA_LOSS for damage; both name the place.
  static absl::StatusOr<PreTokenizer> FromJson(const JsonNode& node);

  // Pieces are not empty.
  std::vector<Piece> Split(Piece piece) const;

 private:
  enum class Kind { kMetaspace, kWhitespaceSplit };
  enum class PrependScheme { kAlways, kFirst, kNever };
  struct Step {
    Kind kind;
    std::string replacement = {};  // of a space, one character
    PrependScheme prepend_scheme = PrependScheme::kAlways;
    bool splits = true;
  };

  static absl::StatusOr<Step> MetaspaceFromJson(const JsonNode& node);
  static absl::Status AddSteps(const JsonNode& node, int depth, std::vector<Step>* steps);
  static void Metaspace(const Step& step, Piece piece, std::vector<Piece>* pieces);
  static void SplitAtWhiteSpace(const Piece& piece, std::vector<Piece>* pieces);

  std::vector<Step> steps_;
};

}  // namespace wan

#endif  // WAN_WORKER_TEXT_PRE_TOKENIZER_H_

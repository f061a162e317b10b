#ifndef WAN_WORKER_TEXT_UNIGRAM_MODEL_H_
#define WAN_WORKER_TEXT_UNIGRAM_MODEL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/text/json_node.h"
#include "worker/text/prefix_table.h"

namespace wan {

// "model" of tokenizer.json, type Unigram: the segmentation with the highest sum of log-probabilities, as Hugging Face
// tokenizers computes it (float64; of equal sums the one found first). A character without a piece of its own counts
// min_score − 10; neighbouring unknown ones are fused, then looked up once more, then spelled in byte pieces where
// byte_fallback says so and all of them exist, else they are one unk_id. Immutable, any thread.
class UnigramModel {
 public:
  // DATA_LOSS for damage, FAILED_PRECONDITION for another type; both name the place.
  static absl::StatusOr<UnigramModel> FromJson(const JsonNode& node);

  // Precondition: 0 ≤ unk_id < vocab.size(). The id of a piece is its index; of equal pieces the last one counts.
  UnigramModel(std::vector<std::pair<std::string, double>> vocab, int32_t unk_id, bool byte_fallback);

  void Encode(absl::string_view utf8, std::vector<int64_t>* ids) const;  // precondition: well-formed UTF-8

  std::optional<int32_t> TokenToId(absl::string_view token) const { return pieces_.Find(token); }
  int64_t vocab_size() const { return static_cast<int64_t>(scores_.size()); }

 private:
  void AppendPiece(absl::string_view piece, std::vector<int64_t>* ids) const;

  PrefixTable pieces_;
  std::vector<double> scores_;
  double unknown_score_;
  int32_t unk_id_;
  std::vector<int64_t> byte_ids_;  // of "<0x00>" … "<0xFF>", -1 where there is none; empty without byte fallback
};

}  // namespace wan

#endif  // WAN_WORKER_TEXT_UNIGRAM_MODEL_H_

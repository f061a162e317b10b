#ifndef WAN_WORKER_TEXT_NORMALIZER_H_
#define WAN_WORKER_TEXT_NORMALIZER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/text/json_node.h"

namespace wan {

// "normalizer" of tokenizer.json: Sequence, Precompiled, Strip, Replace (of a string, or of the pattern " {2,}"),
// Prepend, NFC, NFD, NFKC, NFKD, Lowercase, Nmt. Immutable, any thread.
class Normalizer {
 public:
  Normalizer() = default;  // changes nothing

  // FAILED_PRECONDITION for another type or pattern, DATA_LOSS for damage; both name the place.
  static absl::StatusOr<Normalizer> FromJson(const JsonNode& node);

  std::string Apply(absl::string_view utf8) const;  // precondition: well-formed UTF-8

 private:
  using Step = std::function<std::string(std::string)>;

  static absl::Status AddSteps(const JsonNode& node, int depth, std::vector<Step>* steps);

  std::vector<Step> steps_;
};

}  // namespace wan

#endif  // WAN_WORKER_TEXT_NORMALIZER_H_

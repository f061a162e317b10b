// The character map that SentencePiece compiles into a model ("precompiled_charsmap"), applied as Hugging Face
// tokenizers does. Little endian:
//
//   u32 n; u32 units[n / 4]: a darts-clone double-array trie over bytes; then replacements, each ended by NUL
//
// A trie value is the offset of the key's replacement. Text goes by grapheme clusters (extended, UAX 29): one of fewer
// than six bytes is looked up whole and becomes the replacement of its SHORTEST prefix in the map, the rest of it is
// lost (a known fault of that library, kept for parity: text in NFC, which prompt cleaning makes, hardly meets it);
// where nothing is found, or the cluster is longer, its characters are looked up one by one.
#ifndef WAN_WORKER_TEXT_PRECOMPILED_CHARSMAP_H_
#define WAN_WORKER_TEXT_PRECOMPILED_CHARSMAP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

// Immutable, any thread.
class PrecompiledCharsmap {
 public:
  // DATA_LOSS when sizes, offsets or replacements are wrong.
  static absl::StatusOr<PrecompiledCharsmap> Parse(absl::string_view bytes);

  std::string Normalize(absl::string_view utf8) const;  // precondition: well-formed UTF-8

 private:
  PrecompiledCharsmap(std::vector<uint32_t> units, std::string replacements)
      : units_(std::move(units)), replacements_(std::move(replacements)) {}

  // The replacement of the shortest prefix of `key`.
  std::optional<absl::string_view> Lookup(absl::string_view key) const;

  std::vector<uint32_t> units_;
  std::string replacements_;
};

}  // namespace wan

#endif  // WAN_WORKER_TEXT_PRECOMPILED_CHARSMAP_H_

#ifndef WAN_WORKER_TEXT_PREFIX_TABLE_H_
#define WAN_WORKER_TEXT_PREFIX_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace wan {

// Strings with numbers, sorted, searched by prefix: what a trie does, in one array (a vocabulary of 256,384 pieces
// takes 10 MB). Immutable, any thread.
class PrefixTable {
 public:
  // Of equal keys the last one counts; empty keys are never found.
  explicit PrefixTable(std::vector<std::pair<std::string, int32_t>> entries = {});

  std::optional<int32_t> Find(absl::string_view key) const;

  // Calls visit(length, value) for every key that `text` begins with, shortest first.
  template <typename Visit>
  void VisitPrefixes(absl::string_view text, Visit visit) const {
    auto low = entries_.begin(), high = entries_.end();  // the keys that begin with text[0, depth)
    for (size_t depth = 0; depth < text.size(); ++depth) {
      const auto c = static_cast<unsigned char>(text[depth]);
      low = std::partition_point(low, high, [&](const Entry& entry) {
        return entry.first.size() <= depth || static_cast<unsigned char>(entry.first[depth]) < c;
      });
      high = std::partition_point(
          low, high, [&](const Entry& entry) { return static_cast<unsigned char>(entry.first[depth]) == c; });
      if (low == high) return;
      if (low->first.size() == depth + 1) visit(depth + 1, low->second);
    }
  }

 private:
  using Entry = std::pair<std::string, int32_t>;

  std::vector<Entry> entries_;
};

}  // namespace wan

#endif  // WAN_WORKER_TEXT_PREFIX_TABLE_H_

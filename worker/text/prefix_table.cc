#include "worker/text/prefix_table.h"

namespace wan {

PrefixTable::PrefixTable(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.first < b.first; });
  // std::unique keeps the first of equals: run it from the back.
  const auto kept = std::unique(entries_.rbegin(), entries_.rend(),
                                [](const Entry& a, const Entry& b) { return a.first == b.first; });
  entries_.erase(entries_.begin(), kept.base());
  entries_.shrink_to_fit();
}

std::optional<int32_t> PrefixTable::Find(absl::string_view key) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), key,
                                      [](const Entry& entry, absl::string_view k) { return entry.first < k; });
  if (found == entries_.end() || found->first != key || key.empty()) return std::nullopt;
  return found->second;
}

}  // namespace wan

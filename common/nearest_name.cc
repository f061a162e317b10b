#include "common/nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "absl/strings/ascii.h"

namespace wan {
namespace {

constexpr size_t kMaxNameBytes = 64;  // names come from outside, and the distance costs the product of the lengths

// Levenshtein's distance, row by row.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string> NearestName(absl::string_view name, const std::vector<std::string>& allowed) {
  if (name.empty() || name.size() > kMaxNameBytes) return std::nullopt;
  const std::string wanted = absl::AsciiStrToLower(name);
  std::optional<std::string> nearest;
  size_t nearest_distance = 0;
  for (const std::string& candidate : allowed) {
    const size_t distance = EditDistance(wanted, absl::AsciiStrToLower(candidate));
    const size_t limit = std::max<size_t>(1, std::max(wanted.size(), candidate.size()) * 2 / 5);
    if (distance > limit) continue;
    if (!nearest.has_value() || distance < nearest_distance) {
      nearest = candidate;
      nearest_distance = distance;
    }
  }
  return nearest;
}

}  // namespace wan

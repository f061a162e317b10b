#ifndef WAN_COMMON_NEAREST_NAME_H_
#define WAN_COMMON_NEAREST_NAME_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace wan {

// The allowed name nearest to `name` by edit distance, case aside; nullopt when none is near enough to be meant (more
// than two fifths of the characters differ).
std::optional<std::string> NearestName(absl::string_view name, const std::vector<std::string>& allowed);

}  // namespace wan

#endif  // WAN_COMMON_NEAREST_NAME_H_

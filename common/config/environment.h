#ifndef WAN_COMMON_CONFIG_ENVIRONMENT_H_
#define WAN_COMMON_CONFIG_ENVIRONMENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

// `text` with each ${NAME} replaced by the environment's value and each ${NAME:-default} by the default where the value
// is unset or empty; "$${" stands for "${". Values are not expanded again. Error: INVALID_ARGUMENT for an unset NAME
// without default and for a bad form; the message names the variable and never its value.
absl::StatusOr<std::string> ExpandEnvironment(absl::string_view text);

}  // namespace wan

#endif  // WAN_COMMON_CONFIG_ENVIRONMENT_H_

#ifndef WAN_COMMON_STATUS_MACROS_H_
#define WAN_COMMON_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function when `expression` (an absl::Status) is not OK.
#define WAN_RETURN_IF_ERROR(expression)                                                 \
  do {                                                                                  \
    if (absl::Status wan_status_ = (expression); !wan_status_.ok()) return wan_status_; \
  } while (false)

// Evaluates `expression` (an absl::StatusOr), returns its status on error, else moves its value into `target`,
// which may be a declaration.
#define WAN_ASSIGN_OR_RETURN(target, expression) \
  WAN_ASSIGN_OR_RETURN_(WAN_CONCAT_(wan_status_or_, __LINE__), target, expression)

#define WAN_ASSIGN_OR_RETURN_(temporary, target, expression) \
  auto temporary = (expression);                             \
  if (!temporary.ok()) return std::move(temporary).status(); \
  target = *std::move(temporary)

#define WAN_CONCAT_(a, b) WAN_CONCAT_INNER_(a, b)
#define WAN_CONCAT_INNER_(a, b) a##b

#endif  // WAN_COMMON_STATUS_MACROS_H_

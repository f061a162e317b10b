#ifndef WAN_CLIENT_WANCTL_ERROR_OUTPUT_H_
#define WAN_CLIENT_WANCTL_ERROR_OUTPUT_H_

#include "absl/status/status.h"
#include "client/wanctl/console.h"
#include "wan/v1/job.pb.h"

namespace wan {

// "wanctl: MESSAGE (REASON)"; for bad fields one line each instead, with the flag's name:
//   --width: 60 is not a multiple of 16; nearest legal value is 64
void PrintError(const Console& console, const absl::Status& status);

// How a job ended that did not succeed.
void PrintJobError(const Console& console, const v1::Job& job);

void PrintWarning(const Console& console, const std::string& message);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_ERROR_OUTPUT_H_

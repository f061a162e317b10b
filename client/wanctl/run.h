#ifndef WAN_CLIENT_WANCTL_RUN_H_
#define WAN_CLIENT_WANCTL_RUN_H_

#include <stop_token>
#include <string>
#include <vector>

#include "client/wanctl/console.h"

namespace wan {

// The whole program but its process: arguments without the program's name, returns the exit code. A request on `stop`
// is an interrupt.
int RunWanctl(const std::vector<std::string>& arguments, const Console& console, std::stop_token stop);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_RUN_H_

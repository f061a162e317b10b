#ifndef WAN_CLIENT_REQUEST_ID_H_
#define WAN_CLIENT_REQUEST_ID_H_

#include <string>

namespace wan {

// A random UUID (version 4, RFC 4122) in lower case, from the operating system's entropy.
std::string NewRequestId();

}  // namespace wan

#endif  // WAN_CLIENT_REQUEST_ID_H_

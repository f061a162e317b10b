#ifndef WAN_COMMON_RPC_LISTEN_ADDRESS_H_
#define WAN_COMMON_RPC_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

struct HostPort {
  std::string host;  // without brackets
  int port = 0;
};

// "127.0.0.1:50051", "[::1]:0", "localhost:50051". Error: INVALID_ARGUMENT with the address and what is wrong in it.
absl::StatusOr<HostPort> ParseHostPort(absl::string_view address);

// "host:port", IPv6 in brackets.
std::string FormatHostPort(const HostPort& address);

// True for 127.0.0.0/8, ::1 and "localhost". A name is never resolved: what it resolves to may change.
bool IsLoopback(absl::string_view host);

// Whether an endpoint without authentication may listen at `address`. Error: INVALID_ARGUMENT as ParseHostPort;
// FAILED_PRECONDITION for an address that others can reach, unless `insecure` (the flag --insecure) allows it.
absl::Status CheckListenAddress(absl::string_view address, bool insecure);

}  // namespace wan

#endif  // WAN_COMMON_RPC_LISTEN_ADDRESS_H_

#include "common/rpc/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "common/utf8.h"

namespace wan {
namespace {

absl::Status BadAddress(absl::string_view address, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("address ", QuoteBriefly(address), " ", what, "; the form is host:port or [IPv6]:port"));
}

bool ParseIpv6(absl::string_view host, in6_addr* address) {
  return ::inet_pton(AF_INET6, std::string(host).c_str(), address) == 1;
}

bool IsHostName(absl::string_view host) {
  constexpr char kAllowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  return !host.empty() && host.size() <= 253 && host.find_first_not_of(kAllowed) == absl::string_view::npos;
}

}  // namespace

absl::StatusOr<HostPort> ParseHostPort(absl::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) return BadAddress(address, "has no port");
  absl::string_view host = address.substr(0, colon);
  const absl::string_view port = address.substr(colon + 1);
  HostPort parsed;
  const bool is_digits = !port.empty() && port.find_first_not_of("0123456789") == absl::string_view::npos;
  if (!is_digits || !absl::SimpleAtoi(port, &parsed.port) || parsed.port > 65535) {
    return BadAddress(address, "has a port that is not within 0 to 65535");
  }
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) {
    host = host.substr(1, host.size() - 2);
    in6_addr ipv6;
    if (!ParseIpv6(host, &ipv6)) return BadAddress(address, "has no IPv6 address in its brackets");
  } else if (!IsHostName(host)) {
    return BadAddress(address, host.empty()                   ? "has no host (0.0.0.0 is every interface)"
                               : absl::StrContains(host, ":") ? "has an IPv6 address without brackets"
                                                              : "has no legal host");
  }
  parsed.host = std::string(host);
  return parsed;
}

std::string FormatHostPort(const HostPort& address) {
  return absl::StrContains(address.host, ":") ? absl::StrCat("[", address.host, "]:", address.port)
                                              : absl::StrCat(address.host, ":", address.port);
}

bool IsLoopback(absl::string_view host) {
  in_addr ipv4;
  if (::inet_pton(AF_INET, std::string(host).c_str(), &ipv4) == 1) return ntohl(ipv4.s_addr) >> 24 == 127;
  in6_addr ipv6;
  if (ParseIpv6(host, &ipv6)) {
    return IN6_IS_ADDR_LOOPBACK(&ipv6) || (IN6_IS_ADDR_V4MAPPED(&ipv6) && ipv6.s6_addr[12] == 127);
  }
  return absl::EqualsIgnoreCase(host, "localhost");
}

absl::Status CheckListenAddress(absl::string_view address, bool insecure) {
  WAN_ASSIGN_OR_RETURN(const HostPort parsed, ParseHostPort(address));
  if (insecure || IsLoopback(parsed.host)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "refusing to listen on ", address,
      " without authentication: others can reach it. Use a loopback address (127.0.0.1), or allow it with --insecure"));
}

}  // namespace wan

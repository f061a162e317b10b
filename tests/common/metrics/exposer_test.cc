#include "common/metrics/exposer.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <prometheus/counter.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "absl/strings/str_cat.h"

namespace wan {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The whole answer of a server on loopback, headers included; empty when nobody listens.
std::string Fetch(int port, const std::string& path, const std::string& method = "GET") {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request =
        absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
    char buffer[4096];
    for (ssize_t n; (n = ::recv(fd, buffer, sizeof(buffer), 0)) > 0;) answer.append(buffer, static_cast<size_t>(n));
  }
  ::close(fd);
  return answer;
}

std::unique_ptr<MetricsExposer> Started(std::function<bool()> ready = [] { return true; }) {
  auto exposer = MetricsExposer::Start("127.0.0.1:0", std::move(ready));
  EXPECT_TRUE(exposer.ok()) << exposer.status();
  return *std::move(exposer);
}

TEST(MetricsExposer, ServesWhatIsCounted) {
  const auto exposer = Started();
  ASSERT_GT(exposer->port(), 0);
  auto& family = prometheus::BuildCounter().Name("wan_test_total").Help("Tests").Register(exposer->registry());
  family.Add({{"kind", "unit"}}).Increment(3);
  const std::string answer = Fetch(exposer->port(), "/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(answer, HasSubstr("wan_test_total{kind=\"unit\"} 3"));
}

TEST(MetricsExposer, ReadinessFollowsTheCallbackAndHealthDoesNot) {
  std::atomic<bool> ready = false;
  const auto exposer = Started([&] { return ready.load(); });
  EXPECT_THAT(Fetch(exposer->port(), "/readyz"), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(Fetch(exposer->port(), "/healthz"), StartsWith("HTTP/1.1 200"));
  ready = true;
  EXPECT_THAT(Fetch(exposer->port(), "/readyz"), StartsWith("HTTP/1.1 200"));
}

TEST(MetricsExposer, ServesNothingElse) {
  const auto exposer = Started();
  for (const char* path : {"/", "/metrics/x", "/etc/passwd", "/../../../../etc/passwd", "/xmetrics"}) {
    EXPECT_THAT(Fetch(exposer->port(), path), StartsWith("HTTP/1.1 404")) << path;
  }
  EXPECT_THAT(Fetch(exposer->port(), "/metrics", "POST"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(Fetch(exposer->port(), "/healthz", "HEAD"), EndsWith("\r\n\r\n"));
}

TEST(MetricsExposer, TakenPortIsAnErrorWithTheAddress) {
  const auto first = Started();
  const std::string address = absl::StrCat("127.0.0.1:", first->port());
  const absl::Status status = MetricsExposer::Start(address, [] { return true; }).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(address));
}

TEST(MetricsExposer, PortIsFreeAfterwards) {
  int port = 0;
  {
    const auto exposer = Started();
    port = exposer->port();
  }
  EXPECT_EQ(Fetch(port, "/metrics"), "");
}

TEST(MetricsExposer, OtherFormsOfAddressAreRefused) {
  for (const char* address : {"", "9464", "127.0.0.1:0,0.0.0.0:0", "127.0.0.1:0s", "127.0.0.1:99999"}) {
    EXPECT_EQ(MetricsExposer::Start(address, [] { return true; }).status().code(), absl::StatusCode::kInvalidArgument)
        << address;
  }
}

TEST(MetricsExposer, ForeignAddressIsUnavailable) {  // 192.0.2.0/24 is for documentation
  EXPECT_EQ(MetricsExposer::Start("192.0.2.1:0", [] { return true; }).status().code(), absl::StatusCode::kUnavailable);
}

TEST(MetricsExposer, Ipv6WorksOrIsRefusedWithTheReason) {
  const auto exposer = MetricsExposer::Start("[::1]:0", [] { return true; });
  if (exposer.ok()) {
    EXPECT_GT((*exposer)->port(), 0);
  } else {
    EXPECT_THAT(std::string(exposer.status().message()), HasSubstr("[::1]:0"));
  }
}

}  // namespace
}  // namespace wan

#include "common/rpc/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wan {
namespace {

using ::testing::HasSubstr;

TEST(HostPort, ReadsEachForm) {
  for (const char* address : {"127.0.0.1:50051", "[::1]:0", "localhost:65535", "wan-ring-0.rings:1"}) {
    const auto parsed = ParseHostPort(address);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(FormatHostPort(*parsed), address);
  }
  EXPECT_EQ(ParseHostPort("[::1]:7")->host, "::1");
}

TEST(HostPort, RefusesOtherForms) {
  for (const char* address : {"", "localhost", ":50051", "localhost:", "localhost:65536", "localhost:-1", "localhost:x",
                              "::1:5", "[::1:5", "[local]:5", "a b:5", "http://a:5", "localhost:99999999999"}) {
    EXPECT_EQ(ParseHostPort(address).status().code(), absl::StatusCode::kInvalidArgument) << address;
  }
}

TEST(Loopback, IsKnownByAddressAlone) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "localhost"})
    EXPECT_TRUE(IsLoopback(host)) << host;
  for (const char* host :
       {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::ffff:10.0.0.1", "example.com", "localhost.evil", ""}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

TEST(ListenAddress, ReachableOneNeedsInsecure) {
  EXPECT_TRUE(CheckListenAddress("127.0.0.1:50051", false).ok());
  EXPECT_TRUE(CheckListenAddress("0.0.0.0:50051", true).ok());
  const absl::Status refused = CheckListenAddress("0.0.0.0:50051", false);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--insecure"));
  EXPECT_FALSE(CheckListenAddress("[::]:50051", false).ok());
  EXPECT_EQ(CheckListenAddress("nonsense", true).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace wan

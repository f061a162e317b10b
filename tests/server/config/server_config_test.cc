#include "server/config/server_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace wan {
namespace {

using testing::HasSubstr;

constexpr char kPaths[] = "store: {path: jobs.db}\nresults: {path: results}\nmodels: {path: models.yaml}\n";

absl::StatusOr<ServerConfig> Parse(const std::string& yaml, bool insecure = false) {
  return ParseServerConfig(kPaths + yaml, "server.yaml", "/etc/wan", insecure);
}

std::string ErrorOf(const std::string& yaml) {
  const auto config = Parse(yaml);
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << config.status();
  return std::string(config.status().message());
}

TEST(ServerConfig, ShippedFileLoads) {
  const char* source = std::getenv("WAN_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  const auto config = LoadServerConfig(std::string(source) + "/configs/server.yaml", false);
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->rings.size(), 1u);
  EXPECT_EQ(config->models_path, std::string(source) + "/configs/models.yaml");
  EXPECT_EQ(config->store_path, std::string(source) + "/state/jobs.db");
}

TEST(ServerConfig, AbsentKeysHaveDefaults) {
  const auto config = Parse("");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen_address, "127.0.0.1:50051");
  EXPECT_EQ(config->auth, "none");
  EXPECT_EQ(config->limits.max_queued_jobs, 1000);
  EXPECT_EQ(config->limits.max_attempts, 2);
  EXPECT_EQ(config->watch_heartbeat, absl::Seconds(15));
  EXPECT_EQ(config->metrics_address, "");
  EXPECT_TRUE(config->rings.empty());
}

TEST(ServerConfig, RelativePathsStartAtTheFolderOfTheFile) {
  const auto config =
      ParseServerConfig("store: {path: ../jobs.db}\nresults: {path: /srv/results}\nmodels: {path: models.yaml}\n", "x",
                        "/etc/wan", false);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->store_path, "/etc/jobs.db");
  EXPECT_EQ(config->results_path, "/srv/results");
  EXPECT_EQ(config->models_path, "/etc/wan/models.yaml");
}

TEST(ServerConfig, PathsAreRequired) {
  const auto config = ParseServerConfig("listen: {address: \"127.0.0.1:0\"}\n", "server.yaml", "", false);
  EXPECT_THAT(std::string(config.status().message()), HasSubstr("store.path"));
  EXPECT_THAT(std::string(config.status().message()), HasSubstr("results.path"));
  EXPECT_THAT(std::string(config.status().message()), HasSubstr("models.path"));
}

TEST(ServerConfig, AllFaultsAreReportedAtOnce) {
  const std::string message = ErrorOf(R"(
listen: {address: "0.0.0.0:50051"}
auth: tokens
rings:
  - {name: Ring 0, address: "127.0.0.1:1"}
  - {name: a, address: "127.0.0.1"}
  - {name: b, address: "127.0.0.1:2"}
  - {name: b, address: "127.0.0.1:2"}
limits: {max_queued_jobs: 0, max_atempts: 3}
watch: {heartbeat_seconds: 0}
drain_timeout_seconds: -1
metrics: {address: nowhere}
log: {level: loud}
)");
  for (const char* expected :
       {"server.yaml", "listen.address", "--insecure", "auth", "rings[0].name", "rings[1].address", "rings[3].name",
        "rings[3].address", "limits.max_queued_jobs", "max_atempts", "max_attempts", "watch.heartbeat_seconds",
        "drain_timeout_seconds", "metrics.address", "log.level"}) {
    EXPECT_THAT(message, HasSubstr(expected));
  }
}

TEST(ServerConfig, UnknownKeyIsRefusedWithItsPathAndTheNearestName) {
  const std::string message = ErrorOf("watch: {heartbeat_second: 3}\n");
  EXPECT_THAT(message, HasSubstr("watch.heartbeat_second"));
  EXPECT_THAT(message, HasSubstr("heartbeat_seconds"));
}

TEST(ServerConfig, ListenerThatOthersReachNeedsInsecure) {
  const std::string yaml = "listen: {address: \"0.0.0.0:50051\"}\n";
  EXPECT_FALSE(Parse(yaml, false).ok());
  EXPECT_TRUE(Parse(yaml, true).ok());
  EXPECT_TRUE(Parse("listen: {address: \"[::1]:0\"}\n", false).ok());
}

TEST(ServerConfig, RingWithoutAPortToConnectToIsRefused) {
  EXPECT_THAT(ErrorOf("rings: [{name: a, address: \"127.0.0.1:0\"}]\n"), HasSubstr("rings[0].address"));
}

TEST(ServerConfig, ValidateNamesTheFaultsOfAConfigurationMadeInCode) {
  ServerConfig config = *Parse("");
  EXPECT_TRUE(Validate(config, false).ok());
  config.listen_address = "example.com:1";
  config.results_path.clear();
  const absl::Status status = Validate(config, false);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("listen.address"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("results.path"));
}

TEST(ServerConfig, RenderedConfigurationReadsBackToTheSameValues) {
  const auto config = Parse(R"(
listen: {address: "127.0.0.1:0"}
rings:
  - {name: a, address: "host-a:1", model: "say \"x\": # 'y' $${HOME}"}
  - {name: b, address: "[::1]:2"}
limits: {max_queued_jobs: 5, max_attempts: 3}
drain_timeout_seconds: 0.25
lease_seconds: 7
watch: {heartbeat_seconds: 0.1}
metrics: {address: "127.0.0.1:0"}
log: {level: debug, format: json}
)");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->rings[0].model, "say \"x\": # 'y' ${HOME}");
  const std::string rendered = RenderServerConfig(*config);
  const auto again = ParseServerConfig(rendered, "rendered", "/elsewhere", false);
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << rendered;
  EXPECT_EQ(RenderServerConfig(*again), rendered);
  EXPECT_EQ(again->rings[0].model, config->rings[0].model);
  EXPECT_EQ(again->rings[1].address, "[::1]:2");
  EXPECT_EQ(again->store_path, "/etc/wan/jobs.db");
  EXPECT_EQ(again->limits.max_queued_jobs, 5);
  EXPECT_EQ(again->limits.max_attempts, 3);
  EXPECT_EQ(again->drain_timeout, absl::Milliseconds(250));
  EXPECT_EQ(again->lease, absl::Seconds(7));
  EXPECT_EQ(again->watch_heartbeat, absl::Milliseconds(100));
  EXPECT_EQ(again->metrics_address, "127.0.0.1:0");
  EXPECT_EQ(again->log_level, LogLevel::DEBUG);
  EXPECT_EQ(again->log_format, LogFormat::kJson);
}

}  // namespace
}  // namespace wan

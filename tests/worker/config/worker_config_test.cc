#include "worker/config/worker_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "common/generation/model_catalog.h"
#include "tests/testing/files.h"
#include "worker/config/command_line.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

constexpr char kMinimal[] = "model: {name: m, checkpoint: c}\n";

std::string SourceDir() { return std::getenv("WAN_SOURCE_DIR"); }

std::string FaultsOf(const std::string& yaml, bool insecure = false) {
  const absl::StatusOr<WorkerConfig> config = ParseWorkerConfig(yaml, "worker.yaml", "/etc/wan", insecure);
  return config.ok() ? "" : std::string(config.status().message());
}

std::vector<std::filesystem::path> ShippedConfigs() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(SourceDir() + "/configs")) {
    if (entry.path().filename().string().rfind("worker-", 0) == 0) paths.push_back(entry.path());
  }
  return paths;
}

TEST(WorkerConfig, EveryShippedFileLoadsAndNamesAModelOfTheCatalog) {
  const absl::StatusOr<ModelCatalog> catalog = ModelCatalog::Load(SourceDir() + "/configs/models.yaml");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_GE(ShippedConfigs().size(), 2u);
  for (const std::filesystem::path& path : ShippedConfigs()) {
    const absl::StatusOr<WorkerConfig> config = LoadWorkerConfig(path.string(), /*insecure=*/false);
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_NE(catalog->Find(config->model.name), nullptr) << path;
  }
}

TEST(WorkerConfig, ReportsFaultsOfReadingAndOfValidationTogetherWithTheirPaths) {
  const std::string faults = FaultsOf(
      "listen: {address: '0.0.0.0:1'}\n"
      "model: {name: m, dtype: fp8}\n"
      "vae: {decode_chunk: -1, encode_chunk: 6}\n"
      "video: {crf: 99, scratch_dri: x}\n"
      "supervisor: {backoff_min_seconds: 5, backoff_max_seconds: 2}\n"
      "device: gpu\n");
  for (const char* path :
       {"listen.address", "model.checkpoint", "model.dtype", "vae.decode_chunk", "vae.encode_chunk", "video.crf",
        "video.scratch_dri: unknown key; did you mean scratch_dir", "supervisor.backoff_max_seconds", "device"}) {
    EXPECT_THAT(faults, HasSubstr(path));
  }
}

TEST(WorkerConfig, AddressThatOthersReachNeedsInsecure) {
  const std::string yaml = std::string(kMinimal) + "listen: {address: '0.0.0.0:50052'}\n";
  EXPECT_THAT(FaultsOf(yaml), HasSubstr("listen.address"));
  EXPECT_EQ(FaultsOf(yaml, /*insecure=*/true), "");
}

TEST(WorkerConfig, MetricsAddressThatOthersReachNeedsInsecureToo) {
  EXPECT_THAT(FaultsOf(std::string(kMinimal) + "metrics: {address: '0.0.0.0:9092'}\n"), HasSubstr("metrics.address"));
}

TEST(WorkerConfig, PrintedConfigurationReadsBackAsTheSame) {
  const absl::StatusOr<WorkerConfig> config = ParseWorkerConfig(
      "listen: {address: '[::1]:0', port_file: '/tmp/a \"b\" $${X}'}\n"
      "model: {name: m, checkpoint: 'dir\\x', dtype: bf16}\n"
      "vae: {decode_chunk: 0}\n"
      "supervisor: {backoff_min_seconds: 0.25}\n"
      "log: {level: debug, format: json}\n"
      "device: cuda:3\nthreads: 7\n",
      "worker.yaml", "/etc/wan", false);
  ASSERT_TRUE(config.ok()) << config.status();
  const std::string yaml = ToYaml(*config);
  const absl::StatusOr<WorkerConfig> again = ParseWorkerConfig(yaml, "printed", "/elsewhere", false);
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << yaml;
  EXPECT_EQ(ToYaml(*again), yaml);
  EXPECT_EQ(again->listen.port_file, "/tmp/a \"b\" ${X}");
  EXPECT_EQ(again->supervisor.backoff_min_seconds, 0.25);
  EXPECT_EQ(again->log.level, LogLevel::DEBUG);
}

TEST(WorkerConfig, RelativePathsStartAtTheFilesFolder) {
  const absl::StatusOr<WorkerConfig> config = ParseWorkerConfig(
      "model: {name: m, checkpoint: ../models/m}\nvideo: {scratch_dir: /scratch}\n", "worker.yaml", "/etc/wan", false);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->model.checkpoint, "/etc/models/m");
  EXPECT_EQ(config->model.catalog, "/etc/wan/models.yaml");
  EXPECT_EQ(config->video.scratch_dir, "/scratch");
  EXPECT_EQ(config->listen.port_file, "");
}

int ExitCodeOf(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "wan_rank");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  CommandEnd end;
  const auto command = ParseWorkerCommand("wan_rank", static_cast<int>(pointers.size()), pointers.data(), &end);
  return command.has_value() ? -1 : end.exit_code;
}

TEST(WorkerCommand, CheckOfAGoodFileExitsWith0OfABadOneWith78AndBadUsageWith2) {
  const std::string good = SourceDir() + "/configs/worker-wan-shapes.yaml";
  EXPECT_EQ(ExitCodeOf({"--config", good, "--check-config"}), 0);
  EXPECT_EQ(ExitCodeOf({"--config=" + good, "--print-effective-config"}), 0);
  EXPECT_EQ(ExitCodeOf({"--config", SourceDir() + "/configs/models.yaml", "--check-config"}), kExitBadConfiguration);
  EXPECT_EQ(ExitCodeOf({"--config", "/nonexistent.yaml"}), kExitBadConfiguration);
  const TemporaryFolder folder;
  WriteFile(folder.File("worker.yaml"),
            "model: {name: m, checkpoint: c, catalog: " + SourceDir() + "/configs/models.yaml}\n");
  EXPECT_EQ(ExitCodeOf({"--config", folder.File("worker.yaml"), "--check-config"}), kExitBadConfiguration);
  EXPECT_EQ(ExitCodeOf({}), 2);
  EXPECT_EQ(ExitCodeOf({"--config"}), 2);
  EXPECT_EQ(ExitCodeOf({"--config", good, "--chekc-config"}), 2);
  EXPECT_EQ(ExitCodeOf({"--config", good}), -1);
}

}  // namespace
}  // namespace wan

#include "worker/config/command_line.h"

#include <iostream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/generation/model_catalog.h"
#include "common/status_macros.h"
#include "common/version.h"

namespace wan {
namespace {

constexpr int kExitUsage = 2;

std::string Usage(absl::string_view program) {
  return absl::StrCat("usage: ", program,
                      " --config FILE [--check-config | --print-effective-config] [--insecure]\n"
                      "  --config FILE             configuration, e.g. configs/worker-wan-shapes.yaml\n"
                      "  --check-config            check it, print every fault, start nothing\n"
                      "  --print-effective-config  print every key with the value in force\n"
                      "  --insecure                allow addresses that others can reach, without authentication\n"
                      "  --version, --help\n");
}

// The model must be one that the catalog has.
absl::Status CheckModel(const WorkerConfig& config) {
  WAN_ASSIGN_OR_RETURN(const ModelCatalog catalog, ModelCatalog::Load(config.model.catalog));
  if (catalog.Find(config.model.name) != nullptr) return absl::OkStatus();
  const absl::Status unknown = catalog.UnknownModelError(config.model.name);
  const std::vector<FieldViolation> violations = GetErrorDetails(unknown).violations;
  if (violations.empty()) return unknown;
  return absl::InvalidArgumentError(absl::StrCat("model.name: ", violations[0].description));
}

}  // namespace

std::optional<WorkerCommand> ParseWorkerCommand(absl::string_view program, int argc, char** argv, CommandEnd* end) {
  WorkerCommand command;
  bool check = false;
  bool print = false;
  const auto usage_error = [&](absl::string_view message) {
    std::cerr << program << ": " << message << "\n" << Usage(program);
    *end = {.exit_code = kExitUsage, .error = std::string(message)};
    return std::nullopt;
  };
  for (int i = 1; i < argc; ++i) {
    const absl::string_view flag = argv[i];
    if (flag == "--config") {
      if (i + 1 == argc) return usage_error("--config needs a file");
      command.config_path = argv[++i];
    } else if (flag.substr(0, 9) == "--config=") {
      command.config_path = std::string(flag.substr(9));
    } else if (flag == "--check-config") {
      check = true;
    } else if (flag == "--print-effective-config") {
      print = true;
    } else if (flag == "--insecure") {
      command.insecure = true;
    } else if (flag == "--help" || flag == "--version") {
      std::cout << (flag == "--help" ? Usage(program) : absl::StrCat(program, " ", BuildVersion(), "\n"));
      *end = {};
      return std::nullopt;
    } else {
      return usage_error(absl::StrCat("unknown argument ", flag));
    }
  }
  if (command.config_path.empty()) return usage_error("--config is missing");

  absl::StatusOr<WorkerConfig> config = LoadWorkerConfig(command.config_path, command.insecure);
  if (config.ok()) {
    if (const absl::Status status = CheckModel(*config); !status.ok()) config = status;
  }
  if (!config.ok()) {
    std::cerr << program << ": " << config.status().message() << std::endl;
    *end = {.exit_code = kExitBadConfiguration, .error = std::string(config.status().message())};
    return std::nullopt;
  }
  if (print) std::cout << ToYaml(*config);
  if (check && !print) std::cout << command.config_path << ": ok\n";
  if (check || print) {
    std::cout.flush();
    *end = {};
    return std::nullopt;
  }
  command.config = *std::move(config);
  return command;
}

}  // namespace wan

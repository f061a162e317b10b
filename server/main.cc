// wan_server: the public API, the job table and the dispatch of jobs to rings.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "common/generation/model_catalog.h"
#include "common/log.h"
#include "common/shutdown.h"
#include "common/version.h"
#include "server/config/server_config.h"
#include "server/server_app.h"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kBadConfiguration = 78;  // EX_CONFIG

struct Arguments {
  std::string config_path;
  bool check_config = false;
  bool print_effective_config = false;
  bool insecure = false;
};

int Fail(int code, const absl::Status& status) {
  WAN_LOG(ERROR) << std::string(status.message());
  return code;
}

int Run(const Arguments& arguments) {
  wan::ShutdownSignal shutdown;  // before any thread
  const absl::StatusOr<wan::ServerConfig> config = wan::LoadServerConfig(arguments.config_path, arguments.insecure);
  if (!config.ok()) return Fail(kBadConfiguration, config.status());
  wan::InitLog({.minimum = config->log_level, .format = config->log_format, .process = "server"});
  if (const auto catalog = wan::ModelCatalog::Load(config->models_path); !catalog.ok()) {
    return Fail(kBadConfiguration, catalog.status());
  }
  if (arguments.print_effective_config) std::cout << wan::RenderServerConfig(*config) << std::flush;
  if (arguments.check_config || arguments.print_effective_config) return 0;

  absl::StatusOr<std::unique_ptr<wan::ServerApp>> app =
      wan::ServerApp::Start(*config, {.insecure = arguments.insecure});
  if (!app.ok()) return Fail(kFailed, app.status());
  shutdown.Wait();
  (*app)->Drain();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Serves Wan video generation over gRPC: takes jobs, keeps them, runs them on rings, serves the videos."};
  Arguments arguments;
  app.add_option("--config", arguments.config_path, "YAML file; configs/server.yaml is an example")->required();
  app.add_flag("--check-config", arguments.check_config, "Check the configuration and the model catalogue, then exit");
  app.add_flag("--print-effective-config", arguments.print_effective_config,
               "Print the configuration with every default spelled out, then exit");
  app.add_flag("--insecure", arguments.insecure, "Listen without authentication where others can reach it");
  app.set_version_flag("--version", std::string("wan_server ") + wan::BuildVersion());
  app.footer(
      "SIGTERM and SIGINT drain: running jobs get drain_timeout_seconds, the rest goes back to the queue.\n"
      "listen.port_file gets the port that was bound, for listen.address with port 0.\n"
      "Exit codes: 0 drained, 1 cannot start, 2 usage, 78 bad configuration.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return Run(arguments);
}

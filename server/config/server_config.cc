#include "server/config/server_config.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/config/yaml_reader.h"
#include "common/rpc/listen_address.h"
#include "common/status_macros.h"

namespace wan {
namespace {

constexpr char kDefaultListenAddress[] = "127.0.0.1:50051";
constexpr double kMaxSeconds = 7 * 24 * 3600.0;

std::string Join(const std::string& folder, const std::string& path) {
  return path.empty() ? path : (std::filesystem::path(folder) / path).lexically_normal().string();
}

absl::Duration Seconds(const YamlReader& reader, absl::string_view key, double fallback, double min) {
  const double seconds = reader.Double(key, fallback);
  if (seconds >= min && seconds <= kMaxSeconds) return absl::Seconds(seconds);  // false for NaN
  reader.Fault(key, absl::StrCat(seconds, " is not between ", min, " and ", kMaxSeconds));
  return absl::Seconds(fallback);
}

LogLevel ParseLogLevel(const std::string& name) {
  if (name == "debug") return LogLevel::DEBUG;
  if (name == "warning") return LogLevel::WARNING;
  return name == "error" ? LogLevel::ERROR : LogLevel::INFO;
}

const char* LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::DEBUG:
      return "debug";
    case LogLevel::INFO:
      return "info";
    case LogLevel::WARNING:
      return "warning";
    case LogLevel::ERROR:
      return "error";
  }
  return "info";
}

ServerConfig Read(const YamlReader& root, const std::string& folder) {
  ServerConfig config;
  config.listen_address = root.Section("listen").String("address", kDefaultListenAddress);
  config.listen_port_file = Join(folder, root.Section("listen").String("port_file", ""));
  config.auth = root.Choice("auth", "none", {"none"});
  config.store_path = Join(folder, root.Section("store").String("path"));
  config.results_path = Join(folder, root.Section("results").String("path"));
  config.models_path = Join(folder, root.Section("models").String("path"));
  for (const YamlReader& ring : root.List("rings")) {
    config.rings.push_back(
        {.name = ring.String("name"), .address = ring.String("address"), .model = ring.String("model", "")});
  }
  const YamlReader limits = root.Section("limits");
  config.limits.max_queued_jobs =
      limits.Int("max_queued_jobs", config.limits.max_queued_jobs, {.min = 1, .max = 1000000});
  config.limits.max_attempts =
      static_cast<int>(limits.Int("max_attempts", config.limits.max_attempts, {.min = 1, .max = 100}));
  config.drain_timeout = Seconds(root, "drain_timeout_seconds", 60, 0);
  config.watch_heartbeat = Seconds(root.Section("watch"), "heartbeat_seconds", 15, 0.01);
  config.lease = Seconds(root, "lease_seconds", 60, 1);
  config.metrics_address = root.Section("metrics").String("address", "");
  config.metrics_port_file = Join(folder, root.Section("metrics").String("port_file", ""));
  const YamlReader log = root.Section("log");
  config.log_level = ParseLogLevel(log.Choice("level", "info", {"debug", "info", "warning", "error"}));
  config.log_format = log.Choice("format", "text", {"text", "json"}) == "json" ? LogFormat::kJson : LogFormat::kText;
  return config;
}

struct ConfigFault {
  std::string path;  // of the key
  std::string message;
};

bool IsRingName(const std::string& name) {
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

void CheckRings(const std::vector<RingConfig>& rings, std::vector<ConfigFault>& faults) {
  std::set<std::string> names;
  std::set<std::string> addresses;
  for (size_t i = 0; i < rings.size(); ++i) {
    const RingConfig& ring = rings[i];
    const std::string path = absl::StrCat("rings[", i, "]");
    if (!IsRingName(ring.name)) {
      faults.push_back({path + ".name", absl::StrCat("'", ring.name, "' is not 1 to 63 characters of a-z, 0-9 and -")});
    } else if (!names.insert(ring.name).second) {
      faults.push_back({path + ".name", absl::StrCat("'", ring.name, "' is the name of an earlier ring")});
    }
    if (const auto address = ParseHostPort(ring.address); !address.ok()) {
      faults.push_back({path + ".address", std::string(address.status().message())});
    } else if (address->port == 0) {
      faults.push_back({path + ".address", absl::StrCat("'", ring.address, "' has no port to connect to")});
    } else if (!addresses.insert(ring.address).second) {
      faults.push_back({path + ".address", absl::StrCat("'", ring.address, "' is the address of an earlier ring")});
    }
  }
}

std::vector<ConfigFault> FaultsOf(const ServerConfig& config, bool insecure) {
  std::vector<ConfigFault> faults;
  // With a kind of authentication other than none, any address will do; there is no other kind yet.
  if (const auto status = CheckListenAddress(config.listen_address, insecure); !status.ok()) {
    faults.push_back({"listen.address", std::string(status.message())});
  }
  if (!config.metrics_address.empty()) {
    if (const auto address = ParseHostPort(config.metrics_address); !address.ok()) {
      faults.push_back({"metrics.address", std::string(address.status().message())});
    } else if (config.metrics_address == config.listen_address && address->port != 0) {
      faults.push_back({"metrics.address", absl::StrCat("'", config.metrics_address, "' is listen.address as well")});
    }
  }
  for (const auto& [path, value] :
       {std::pair("store.path", &config.store_path), std::pair("results.path", &config.results_path),
        std::pair("models.path", &config.models_path)}) {
    if (value->empty()) faults.push_back({path, "is empty"});
  }
  CheckRings(config.rings, faults);
  return faults;
}

absl::StatusOr<ServerConfig> Finish(const YamlReader& root, const std::string& folder, bool insecure) {
  ServerConfig config = Read(root, folder);
  for (const ConfigFault& fault : FaultsOf(config, insecure)) root.Fault(fault.path, fault.message);
  WAN_RETURN_IF_ERROR(root.Finish());
  return config;
}

// A double-quoted YAML scalar: JSON's form is one. "$${" is how the reader spells a literal "${".
std::string Quote(const std::string& text) {
  return nlohmann::json(absl::StrReplaceAll(text, {{"${", "$${"}}))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string Number(absl::Duration duration) { return nlohmann::json(absl::ToDoubleSeconds(duration)).dump(); }

}  // namespace

absl::StatusOr<ServerConfig> LoadServerConfig(const std::string& path, bool insecure) {
  WAN_ASSIGN_OR_RETURN(const YamlReader root, YamlReader::Load(path));
  return Finish(root, std::filesystem::path(path).parent_path().string(), insecure);
}

absl::StatusOr<ServerConfig> ParseServerConfig(const std::string& yaml, const std::string& name_in_errors,
                                               const std::string& folder, bool insecure) {
  WAN_ASSIGN_OR_RETURN(const YamlReader root, YamlReader::Parse(yaml, name_in_errors));
  return Finish(root, folder, insecure);
}

absl::Status Validate(const ServerConfig& config, bool insecure) {
  const std::vector<ConfigFault> faults = FaultsOf(config, insecure);
  if (faults.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(faults, "\n", [](std::string* out, const ConfigFault& fault) {
    absl::StrAppend(out, fault.path, ": ", fault.message);
  }));
}

std::string RenderServerConfig(const ServerConfig& config) {
  std::string rings = config.rings.empty() ? " []\n" : "\n";
  for (const RingConfig& ring : config.rings) {
    absl::StrAppend(&rings, "  - {name: ", Quote(ring.name), ", address: ", Quote(ring.address));
    if (!ring.model.empty()) absl::StrAppend(&rings, ", model: ", Quote(ring.model));
    absl::StrAppend(&rings, "}\n");
  }
  return absl::StrCat(                                                       //
      "listen: {address: ", Quote(config.listen_address),                    //
      ", port_file: ", Quote(config.listen_port_file), "}\n",                //
      "auth: ", config.auth, "\n",                                           //
      "store: {path: ", Quote(config.store_path), "}\n",                     //
      "results: {path: ", Quote(config.results_path), "}\n",                 //
      "models: {path: ", Quote(config.models_path), "}\n",                   //
      "rings:", rings,                                                       //
      "limits: {max_queued_jobs: ", config.limits.max_queued_jobs,           //
      ", max_attempts: ", config.limits.max_attempts, "}\n",                 //
      "drain_timeout_seconds: ", Number(config.drain_timeout), "\n",         //
      "lease_seconds: ", Number(config.lease), "\n",                         //
      "watch: {heartbeat_seconds: ", Number(config.watch_heartbeat), "}\n",  //
      "metrics: {address: ", Quote(config.metrics_address),                  //
      ", port_file: ", Quote(config.metrics_port_file), "}\n",               //
      "log: {level: ", LogLevelName(config.log_level),                       //
      ", format: ", config.log_format == LogFormat::kJson ? "json" : "text", "}\n");
}

}  // namespace wan

// Everything that server.yaml says.
#ifndef WAN_SERVER_CONFIG_SERVER_CONFIG_H_
#define WAN_SERVER_CONFIG_SERVER_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/log.h"

namespace wan {

struct RingConfig {
  std::string name;     // [a-z0-9-], unique
  std::string address;  // host:port of the leader
  std::string model;    // empty: whatever the ring reports; otherwise another model's ring gets no jobs
};

struct ServerLimits {
  int64_t max_queued_jobs = 1000;
  int max_attempts = 2;  // of a job, when rings are lost
};

struct ServerConfig {
  std::string listen_address;    // port 0: any free one
  std::string listen_port_file;  // gets the bound port as text once it is listening; empty: none
  std::string auth;              // "none": the only kind so far
  std::string store_path;
  std::string results_path;
  std::string models_path;  // the catalogue, configs/models.yaml
  std::vector<RingConfig> rings;
  ServerLimits limits;
  absl::Duration drain_timeout;    // running jobs get this long at SIGTERM, then they are requeued
  absl::Duration watch_heartbeat;  // silence after which WatchJob repeats its last event
  absl::Duration lease;            // of a running job, renewed by its progress
  std::string metrics_address;     // empty: no metrics endpoint
  std::string metrics_port_file;   // as listen_port_file
  LogLevel log_level = LogLevel::INFO;
  LogFormat log_format = LogFormat::kText;
};

// Relative paths of the file are relative to the folder of the file, so that a configuration means the same from any
// working directory; the result holds them joined. Error: INVALID_ARGUMENT listing all faults at once, unknown keys and
// those of Validate() among them.
absl::StatusOr<ServerConfig> LoadServerConfig(const std::string& path, bool insecure);

// The same from text; `name_in_errors` stands for the file, `folder` is where relative paths begin.
absl::StatusOr<ServerConfig> ParseServerConfig(const std::string& yaml, const std::string& name_in_errors,
                                               const std::string& folder, bool insecure);

// INVALID_ARGUMENT listing all faults at once: addresses that are no host:port, two rings of one name or address, a
// listener other than loopback without authentication unless `insecure`.
absl::Status Validate(const ServerConfig& config, bool insecure);

// The configuration as YAML with every default spelled out; LoadServerConfig reads it back to the same values.
std::string RenderServerConfig(const ServerConfig& config);

}  // namespace wan

#endif  // WAN_SERVER_CONFIG_SERVER_CONFIG_H_

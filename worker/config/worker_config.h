// Configuration of a worker node: what wan_worker and each wan_rank read once at start. YAML keys are the members'
// names, one mapping for each struct; relative paths start at the file's folder.
#ifndef WAN_WORKER_CONFIG_WORKER_CONFIG_H_
#define WAN_WORKER_CONFIG_WORKER_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/error.h"
#include "common/log.h"

namespace wan {

struct WorkerConfig {
  struct Listen {
    std::string address = "127.0.0.1:50050";  // RingWorker, for wan_server; port 0: any free one
    std::string port_file;                    // gets the bound port as text once it is listening; empty: none
  } listen;
  struct Model {
    std::string name;        // as in the catalog
    std::string checkpoint;  // folder with model_index.json
    std::string catalog = "models.yaml";
    std::string dtype = "auto";  // transformer and text encoder: f32, bf16, auto
  } model;
  struct Scheduler {
    std::string dtype = "f32";  // sigmas, guidance arithmetic, latents: f32, f64
  } scheduler;
  struct Vae {
    std::string dtype = "f32";
    std::string weights_dtype = "f32";
    int64_t decode_chunk = 4;  // latents a chunk; 0: all at once
    int64_t encode_chunk = 4;  // frames a chunk, a multiple of 4; 0: all at once
  } vae;
  struct Video {
    std::string encoder = "libx264";
    int64_t crf = 18;
    std::string preset = "medium";
    std::string scratch_dir = "../state/scratch";  // videos until they are sent; may be shared by rings
  } video;
  struct Metrics {
    std::string address;    // of /metrics, /healthz, /readyz; empty: none
    std::string port_file;  // as listen.port_file
  } metrics;
  struct Supervisor {
    double backoff_min_seconds = 1;  // before the first restart; doubles up to the maximum
    double backoff_max_seconds = 30;
    double silence_timeout_seconds = 10;  // a rank without a heartbeat for so long is killed
    double start_timeout_seconds = 120;   // the same before its first heartbeat: loading libraries may be slow
    std::string termination_log = "/dev/termination-log";  // gets the last error, if it exists; empty: none
  } supervisor;
  struct Log {
    LogLevel level = LogLevel::INFO;
    LogFormat format = LogFormat::kText;
  } log;
  std::string device = "cpu";  // cpu, cuda, cuda:N
  int64_t threads = 0;         // a rank's compute threads; 0: from affinity, control group and number of ranks
};

// Faults that concern more than one key or a key's form; `insecure` allows addresses that others can reach.
std::vector<FieldViolation> Validate(const WorkerConfig& config, bool insecure);

// INVALID_ARGUMENT with every fault at once, each with file, line and path of the key.
absl::StatusOr<WorkerConfig> LoadWorkerConfig(const std::string& path, bool insecure);
absl::StatusOr<WorkerConfig> ParseWorkerConfig(const std::string& yaml, const std::string& name_in_errors,
                                               const std::string& folder, bool insecure);

// Every key with the value in force, as YAML that LoadWorkerConfig() reads back.
std::string ToYaml(const WorkerConfig& config);

}  // namespace wan

#endif  // WAN_WORKER_CONFIG_WORKER_CONFIG_H_

#include "worker/config/worker_config.h"

#include <filesystem>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "common/config/yaml_reader.h"
#include "common/rpc/listen_address.h"
#include "common/status_macros.h"

namespace wan {
namespace {

const std::vector<std::string> kComputeDtypes = {"auto", "f32", "bf16"};
const std::vector<std::string> kVaeDtypes = {"f32", "bf16"};
const std::vector<std::string> kPresets = {"ultrafast", "superfast", "veryfast", "faster",  "fast",
                                           "medium",    "slow",      "slower",   "veryslow"};
const std::vector<std::string> kLogLevels = {"debug", "info", "warning", "error"};
constexpr int64_t kMaxThreads = 1024;

WorkerConfig Read(const YamlReader& root) {
  WorkerConfig config;
  const YamlReader listen = root.Section("listen");
  config.listen.address = listen.String("address", config.listen.address);
  config.listen.port_file = listen.String("port_file", config.listen.port_file);

  const YamlReader model = root.Section("model");
  config.model.name = model.String("name");
  config.model.checkpoint = model.String("checkpoint");
  config.model.catalog = model.String("catalog", config.model.catalog);
  config.model.dtype = model.Choice("dtype", config.model.dtype, kComputeDtypes);

  config.scheduler.dtype = root.Section("scheduler").Choice("dtype", config.scheduler.dtype, {"f32", "f64"});

  const YamlReader vae = root.Section("vae");
  config.vae.dtype = vae.Choice("dtype", config.vae.dtype, kVaeDtypes);
  config.vae.weights_dtype = vae.Choice("weights_dtype", config.vae.weights_dtype, kVaeDtypes);
  config.vae.decode_chunk = vae.Int("decode_chunk", config.vae.decode_chunk, {.min = 0, .max = 1024});
  config.vae.encode_chunk = vae.Int("encode_chunk", config.vae.encode_chunk, {.min = 0, .max = 4096});

  const YamlReader video = root.Section("video");
  config.video.encoder = video.Choice("encoder", config.video.encoder, {"libx264"});
  config.video.crf = video.Int("crf", config.video.crf, {.min = 1, .max = 51});
  config.video.preset = video.Choice("preset", config.video.preset, kPresets);
  config.video.scratch_dir = video.String("scratch_dir", config.video.scratch_dir);

  const YamlReader metrics = root.Section("metrics");
  config.metrics.address = metrics.String("address", config.metrics.address);
  config.metrics.port_file = metrics.String("port_file", config.metrics.port_file);

  const YamlReader supervisor = root.Section("supervisor");
  WorkerConfig::Supervisor& values = config.supervisor;
  values.backoff_min_seconds = supervisor.Double("backoff_min_seconds", values.backoff_min_seconds);
  values.backoff_max_seconds = supervisor.Double("backoff_max_seconds", values.backoff_max_seconds);
  values.silence_timeout_seconds = supervisor.Double("silence_timeout_seconds", values.silence_timeout_seconds);
  values.start_timeout_seconds = supervisor.Double("start_timeout_seconds", values.start_timeout_seconds);
  values.termination_log = supervisor.String("termination_log", values.termination_log);

  const YamlReader log = root.Section("log");
  const std::string level = log.Choice("level", "info", kLogLevels);
  for (size_t i = 0; i < kLogLevels.size(); ++i) {
    if (level == kLogLevels[i]) config.log.level = static_cast<LogLevel>(i);
  }
  config.log.format = log.Choice("format", "text", {"text", "json"}) == "json" ? LogFormat::kJson : LogFormat::kText;

  config.device = root.String("device", config.device);
  config.threads = root.Int("threads", config.threads, {.min = 0, .max = kMaxThreads});
  return config;
}

void ResolvePaths(const std::string& folder, WorkerConfig& config) {
  for (std::string* path : {&config.listen.port_file, &config.model.checkpoint, &config.model.catalog,
                            &config.video.scratch_dir, &config.metrics.port_file, &config.supervisor.termination_log}) {
    if (!path->empty()) *path = (std::filesystem::path(folder) / *path).lexically_normal().string();
  }
}

absl::StatusOr<WorkerConfig> ReadAndCheck(const YamlReader& root, const std::string& folder, bool insecure) {
  WorkerConfig config = Read(root);
  ResolvePaths(folder, config);
  for (const FieldViolation& fault : Validate(config, insecure)) root.Fault(fault.field, fault.description);
  WAN_RETURN_IF_ERROR(root.Finish());
  return config;
}

// A double-quoted YAML scalar.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&quoted, "\\x%02x", c);
    } else {
      quoted += c;
    }
  }
  // What the environment filled in was final: it is not expanded again when this text is read.
  for (size_t at = quoted.find("${"); at != std::string::npos; at = quoted.find("${", at + 3))
    quoted.insert(at, 1, '$');
  return quoted + "\"";
}

}  // namespace

std::vector<FieldViolation> Validate(const WorkerConfig& config, bool insecure) {
  std::vector<FieldViolation> faults;
  const auto fault = [&](absl::string_view field, absl::string_view description) {
    faults.push_back({.field = std::string(field), .description = std::string(description)});
  };
  const auto check_address = [&](absl::string_view field, const std::string& address) {
    const absl::Status status = CheckListenAddress(address, insecure);
    if (!status.ok()) fault(field, status.message());
  };
  check_address("listen.address", config.listen.address);
  if (!config.metrics.address.empty()) check_address("metrics.address", config.metrics.address);
  if (config.metrics.address.empty() && !config.metrics.port_file.empty()) {
    fault("metrics.port_file", "needs metrics.address");
  }
  if (config.vae.encode_chunk % 4 != 0) {
    const int64_t lower = config.vae.encode_chunk / 4 * 4;
    fault("vae.encode_chunk",
          absl::StrCat(config.vae.encode_chunk, " is not a multiple of 4; nearest: ", lower == 0 ? 4 : lower));
  }
  if (config.video.scratch_dir.empty()) fault("video.scratch_dir", "must name a folder");
  if (config.model.catalog.empty()) fault("model.catalog", "must name a file");

  const WorkerConfig::Supervisor& supervisor = config.supervisor;
  const auto check_positive = [&](absl::string_view field, double value) {
    if (!(value > 0)) fault(field, absl::StrCat(value, " must be more than 0"));
  };
  check_positive("supervisor.backoff_min_seconds", supervisor.backoff_min_seconds);
  check_positive("supervisor.silence_timeout_seconds", supervisor.silence_timeout_seconds);
  check_positive("supervisor.start_timeout_seconds", supervisor.start_timeout_seconds);
  if (supervisor.backoff_max_seconds < supervisor.backoff_min_seconds) {
    fault("supervisor.backoff_max_seconds",
          absl::StrCat(supervisor.backoff_max_seconds, " is less than backoff_min_seconds ",
                       supervisor.backoff_min_seconds));
  }
  const absl::string_view device = config.device;
  const bool is_cuda_index = device.size() > 5 && device.substr(0, 5) == "cuda:" &&
                             device.substr(5).find_first_not_of("0123456789") == absl::string_view::npos;
  if (device != "cpu" && device != "cuda" && !is_cuda_index) {
    fault("device", absl::StrCat("\"", device, "\" must be cpu, cuda or cuda:N"));
  }
  return faults;
}

absl::StatusOr<WorkerConfig> LoadWorkerConfig(const std::string& path, bool insecure) {
  WAN_ASSIGN_OR_RETURN(const YamlReader root, YamlReader::Load(path));
  return ReadAndCheck(root, std::filesystem::path(path).parent_path().string(), insecure);
}

absl::StatusOr<WorkerConfig> ParseWorkerConfig(const std::string& yaml, const std::string& name_in_errors,
                                               const std::string& folder, bool insecure) {
  WAN_ASSIGN_OR_RETURN(const YamlReader root, YamlReader::Parse(yaml, name_in_errors));
  return ReadAndCheck(root, folder, insecure);
}

std::string ToYaml(const WorkerConfig& config) {
  std::string yaml;
  const auto section = [&](absl::string_view name) { absl::StrAppend(&yaml, name, ":\n"); };
  const auto text = [&](absl::string_view key, absl::string_view value) {
    absl::StrAppend(&yaml, "  ", key, ": ", Quoted(value), "\n");
  };
  const auto number = [&](absl::string_view key, auto value) { absl::StrAppend(&yaml, "  ", key, ": ", value, "\n"); };
  section("listen");
  text("address", config.listen.address);
  text("port_file", config.listen.port_file);
  section("model");
  text("name", config.model.name);
  text("checkpoint", config.model.checkpoint);
  text("catalog", config.model.catalog);
  text("dtype", config.model.dtype);
  section("scheduler");
  text("dtype", config.scheduler.dtype);
  section("vae");
  text("dtype", config.vae.dtype);
  text("weights_dtype", config.vae.weights_dtype);
  number("decode_chunk", config.vae.decode_chunk);
  number("encode_chunk", config.vae.encode_chunk);
  section("video");
  text("encoder", config.video.encoder);
  number("crf", config.video.crf);
  text("preset", config.video.preset);
  text("scratch_dir", config.video.scratch_dir);
  section("metrics");
  text("address", config.metrics.address);
  text("port_file", config.metrics.port_file);
  section("supervisor");
  number("backoff_min_seconds", config.supervisor.backoff_min_seconds);
  number("backoff_max_seconds", config.supervisor.backoff_max_seconds);
  number("silence_timeout_seconds", config.supervisor.silence_timeout_seconds);
  number("start_timeout_seconds", config.supervisor.start_timeout_seconds);
  text("termination_log", config.supervisor.termination_log);
  section("log");
  text("level", kLogLevels[static_cast<size_t>(config.log.level)]);
  text("format", config.log.format == LogFormat::kJson ? "json" : "text");
  absl::StrAppend(&yaml, "device: ", Quoted(config.device), "\nthreads: ", config.threads, "\n");
  return yaml;
}

}  // namespace wan

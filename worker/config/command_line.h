#ifndef WAN_WORKER_CONFIG_COMMAND_LINE_H_
#define WAN_WORKER_CONFIG_COMMAND_LINE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "worker/config/worker_config.h"

namespace wan {

// Bad configuration (sysexits.h EX_CONFIG): a restart would change nothing.
inline constexpr int kExitBadConfiguration = 78;

// What main() goes on with.
struct WorkerCommand {
  std::string config_path;
  bool insecure = false;
  WorkerConfig config;
};

// Why a program does not go on.
struct CommandEnd {
  int exit_code = 0;
  std::string error;  // empty when it did what was asked for
};

// The flags that wan_worker and wan_rank share: --config FILE, --check-config, --print-effective-config, --insecure,
// --help, --version. Either a command to go on with, or nothing and `end` is set: what was asked for is printed to
// stdout, an error to stderr with the faults of the configuration in one line.
std::optional<WorkerCommand> ParseWorkerCommand(absl::string_view program, int argc, char** argv, CommandEnd* end);

}  // namespace wan

#endif  // WAN_WORKER_CONFIG_COMMAND_LINE_H_

// wan_worker: keeps the ranks of one node running.
#include <string>

#include "common/log.h"
#include "worker/config/command_line.h"
#include "worker/launch/supervisor.h"

int main(int argc, char** argv) {
  wan::CommandEnd end;
  const std::optional<wan::WorkerCommand> command = wan::ParseWorkerCommand("wan_worker", argc, argv, &end);
  if (!command.has_value()) {
    if (!end.error.empty()) wan::WriteTerminationLog(wan::WorkerConfig().supervisor.termination_log, end.error);
    return end.exit_code;
  }
  const wan::WorkerConfig& config = command->config;
  wan::InitLog({.minimum = config.log.level, .format = config.log.format, .process = "worker"});

  wan::RankProcess::Command rank = {.arguments = {wan::ProgramFolder() + "/wan_rank", "--config", command->config_path},
                                    .environment = {"RANK=0", "WORLD_SIZE=1", "LOCAL_RANK=0"}};
  if (command->insecure) rank.arguments.push_back("--insecure");
  wan::Supervisor supervisor({.rank = std::move(rank),
                              .backoff_min = absl::Seconds(config.supervisor.backoff_min_seconds),
                              .backoff_max = absl::Seconds(config.supervisor.backoff_max_seconds),
                              .silence_timeout = absl::Seconds(config.supervisor.silence_timeout_seconds),
                              .start_timeout = absl::Seconds(config.supervisor.start_timeout_seconds),
                              .termination_log = config.supervisor.termination_log});
  return supervisor.Run();
}

// What each command does.
#ifndef WAN_CLIENT_WANCTL_COMMANDS_H_
#define WAN_CLIENT_WANCTL_COMMANDS_H_

#include <map>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/video_client.h"
#include "client/wanctl/command_line.h"
#include "client/wanctl/console.h"
#include "client/wanctl/exit_code.h"
#include "client/wanctl/json_output.h"
#include "client/wanctl/progress_display.h"

namespace wan {

// What a command works with; everything outlives it.
struct CommandContext {
  const Invocation& invocation;
  const Console& console;
  VideoClient& client;
  ProgressDisplay& display;
  const std::stop_token stop;

  bool is_json() const { return invocation.format == OutputFormat::kJson; }
};

// A status is printed by the caller and becomes an exit code; a code other than kExitOk has been explained already.
absl::StatusOr<ExitCode> RunGenerate(const CommandContext& context);
absl::StatusOr<ExitCode> RunSubmit(const CommandContext& context);
absl::StatusOr<ExitCode> RunGet(const CommandContext& context);
absl::StatusOr<ExitCode> RunList(const CommandContext& context);
absl::StatusOr<ExitCode> RunWatch(const CommandContext& context);
absl::StatusOr<ExitCode> RunCancel(const CommandContext& context);
absl::StatusOr<ExitCode> RunDownload(const CommandContext& context);
absl::StatusOr<ExitCode> RunModels(const CommandContext& context);
absl::StatusOr<ExitCode> RunRings(const CommandContext& context);

// Writes `message` to `out` as JSON.
absl::Status PrintJson(const CommandContext& context, const google::protobuf::Message& message,
                       JsonLayout layout = JsonLayout::kIndented);

// Downloads the videos of a finished job (all, or the one of --index); index → path.
absl::StatusOr<std::map<int, std::string>> DownloadVideos(const CommandContext& context, const v1::Job& job);

// Prints the paths, or the job as JSON with them.
absl::Status PrintDownloads(const CommandContext& context, const v1::Job& job, const std::map<int, std::string>& paths);

// "wanctl watch JOB" and its kind, with the flags that this run was given.
std::string CommandHint(const CommandContext& context, const std::string& command, const std::string& job_id);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_COMMANDS_H_

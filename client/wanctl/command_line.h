// Arguments and environment → what to do. The only file pair that knows the command-line library.
#ifndef WAN_CLIENT_WANCTL_COMMAND_LINE_H_
#define WAN_CLIENT_WANCTL_COMMAND_LINE_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/wanctl/console.h"
#include "client/wanctl/generation_flags.h"
#include "wan/v1/job.pb.h"

namespace wan {

enum class Command { kGenerate, kSubmit, kGet, kList, kWatch, kCancel, kDownload, kModels, kRings, kVersion };
enum class OutputFormat { kTable, kJson };

struct Invocation {
  Command command = Command::kVersion;
  OutputFormat format = OutputFormat::kTable;
  std::string server;
  bool server_is_flag = false;          // hints repeat the flag then
  std::optional<absl::Duration> retry;  // how long an unavailable server is called again; absent: the client's default
  GenerationFlags generation;           // generate, submit
  std::optional<std::string> output;    // generate, download: FILE
  std::string job_id;                   // get, watch, cancel, download
  std::optional<int> index;             // download
  int limit = 50;                       // list
  std::vector<v1::JobState> states;     // list
};

// Text for `out`, asked for by --help.
struct HelpText {
  std::string text;
};

// Flags win over variables (an empty variable counts as unset), variables over defaults.
// Error: INVALID_ARGUMENT; generation values are checked later, by ParseGenerationFlags.
absl::StatusOr<std::variant<Invocation, HelpText>> ParseCommandLine(const std::vector<std::string>& arguments,
                                                                    const Console& console);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_COMMAND_LINE_H_

// What --help says besides the options.
#ifndef WAN_CLIENT_WANCTL_HELP_TEXT_H_
#define WAN_CLIENT_WANCTL_HELP_TEXT_H_

#include "absl/types/span.h"
#include "client/wanctl/command_line.h"

namespace wan {

struct CommandHelp {
  Command command;
  const char* name;
  const char* summary;
  const char* examples;
};

// One row for each command.
absl::Span<const CommandHelp> AllCommandHelp();

extern const char kProgramHelp[];
extern const char kProgramFooter[];

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_HELP_TEXT_H_

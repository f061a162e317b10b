#include "client/wanctl/run.h"

#include "absl/strings/str_cat.h"
#include "client/wanctl/command_line.h"
#include "client/wanctl/commands.h"
#include "client/wanctl/error_output.h"
#include "client/wanctl/json_output.h"
#include "common/version.h"

namespace wan {
namespace {

// While a server stays away, one message in this time.
constexpr absl::Duration kRetryNoticeInterval = absl::Seconds(15);

absl::StatusOr<ExitCode> RunCommand(const CommandContext& context) {
  switch (context.invocation.command) {
    case Command::kGenerate:
      return RunGenerate(context);
    case Command::kSubmit:
      return RunSubmit(context);
    case Command::kGet:
      return RunGet(context);
    case Command::kList:
      return RunList(context);
    case Command::kWatch:
      return RunWatch(context);
    case Command::kCancel:
      return RunCancel(context);
    case Command::kDownload:
      return RunDownload(context);
    case Command::kModels:
      return RunModels(context);
    case Command::kRings:
      return RunRings(context);
    case Command::kVersion:
      break;
  }
  const std::string version = BuildVersion();
  context.console.out << (context.is_json() ? VersionJson(version) : absl::StrCat("wanctl ", version, "\n"));
  return kExitOk;
}

VideoClientOptions ClientOptions(const Invocation& invocation, const Console& console, ProgressDisplay* display) {
  VideoClientOptions options;
  if (invocation.retry.has_value()) {
    options.call_retry.give_up_after = *invocation.retry;
    options.stream_retry.give_up_after = *invocation.retry;
  }
  if (options.call_retry.give_up_after == absl::ZeroDuration()) return options;  // nothing will be tried again
  options.on_retry = [&console, display, last = absl::InfinitePast()](const absl::Status& reason) mutable {
    if (console.now() - last < kRetryNoticeInterval) return;
    last = console.now();
    display->Clear();
    PrintWarning(console, absl::StrCat(reason.message(), "; trying again"));
  };
  return options;
}

ExitCode RunInvocation(const Invocation& invocation, const Console& console, std::stop_token stop) {
  ProgressDisplay display(console);
  VideoClient client(MakeChannel(invocation.server), ClientOptions(invocation, console, &display), stop);
  const absl::StatusOr<ExitCode> result =
      RunCommand({.invocation = invocation, .console = console, .client = client, .display = display, .stop = stop});
  display.Clear();
  if (result.ok()) return *result;
  if (stop.stop_requested()) {
    console.err << "Interrupted.\n";
    return kExitInterrupted;
  }
  PrintError(console, absl::IsUnavailable(result.status())
                          ? Annotate(result.status(), absl::StrCat("server ", invocation.server))
                          : result.status());
  return ExitCodeOf(result.status());
}

}  // namespace

int RunWanctl(const std::vector<std::string>& arguments, const Console& console, std::stop_token stop) {
  const auto parsed = ParseCommandLine(arguments, console);
  ExitCode code = kExitOk;
  if (!parsed.ok()) {
    PrintError(console, parsed.status());
    code = kExitUsage;
  } else if (const auto* help = std::get_if<HelpText>(&*parsed)) {
    console.out << help->text;
  } else {
    code = RunInvocation(std::get<Invocation>(*parsed), console, std::move(stop));
  }
  console.out << std::flush;
  if (!console.out.good() && code == kExitOk) {
    PrintError(console, absl::InternalError("write to the standard output failed"));
    code = kExitFailure;
  }
  return code;
}

}  // namespace wan

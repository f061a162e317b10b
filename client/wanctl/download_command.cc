#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/wanctl/commands.h"
#include "client/wanctl/error_output.h"
#include "client/wanctl/format.h"
#include "client/wanctl/output_files.h"
#include "common/error.h"
#include "common/status_macros.h"

namespace wan {
namespace {

// As a shell reads it back: in quotes where it holds more than plain characters.
std::string ShellWord(const std::string& text) {
  const auto is_plain = [](char c) { return absl::ascii_isalnum(c) || absl::StrContains("_-./:@%+=,", c); };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return text;
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

}  // namespace

absl::StatusOr<std::map<int, std::string>> DownloadVideos(const CommandContext& context, const v1::Job& job) {
  const std::optional<int> only = context.invocation.index;
  std::map<int, std::string> paths;
  for (const v1::Video& listed : job.videos()) {
    if (only.has_value() && listed.index() != *only) continue;
    const bool is_one_of_several =
        job.videos_size() > 1 && !(only.has_value() && context.invocation.output.has_value());
    const std::string path = OutputPath(context.invocation.output, job.job_id(), listed, is_one_of_several);
    const absl::StatusOr<v1::Video> video =
        context.client.Download(job.job_id(), listed.index(), path,
                                [&](int64_t done, int64_t size) { context.display.ShowDownload(path, done, size); });
    context.display.Clear();
    WAN_RETURN_IF_ERROR(video.status());
    paths[listed.index()] = path;
  }
  if (paths.empty()) {
    return absl::NotFoundError(only.has_value() ? absl::StrCat("job ", job.job_id(), " has ", job.videos_size(),
                                                               " videos, none with index ", *only)
                                                : absl::StrCat("job ", job.job_id(), " has no videos"));
  }
  return paths;
}

absl::Status PrintDownloads(const CommandContext& context, const v1::Job& job,
                            const std::map<int, std::string>& paths) {
  if (context.is_json()) {
    WAN_ASSIGN_OR_RETURN(const std::string json, ToJson(job, paths));
    context.console.out << json;
    return absl::OkStatus();
  }
  for (const auto& [index, path] : paths) context.console.out << path << '\n';
  return absl::OkStatus();
}

std::string CommandHint(const CommandContext& context, const std::string& command, const std::string& job_id) {
  std::string hint = absl::StrCat("wanctl ", command, " ", job_id);
  if (context.invocation.server_is_flag) absl::StrAppend(&hint, " --server ", ShellWord(context.invocation.server));
  if (command == "download") {
    if (context.invocation.index.has_value()) absl::StrAppend(&hint, " --index ", *context.invocation.index);
    if (context.invocation.output.has_value())
      absl::StrAppend(&hint, " --output ", ShellWord(*context.invocation.output));
  }
  return hint;
}

absl::StatusOr<ExitCode> RunDownload(const CommandContext& context) {
  WAN_ASSIGN_OR_RETURN(const v1::Job job, context.client.Get(context.invocation.job_id));
  if (job.state() != v1::JOB_STATE_SUCCEEDED) {
    if (IsFinal(job.state())) {
      PrintJobError(context.console, job);
      return ExitCodeOf(job);
    }
    return MakeError(
        absl::StatusCode::kFailedPrecondition, kResultNotReady,
        absl::StrCat("job ", job.job_id(), " is ", StateName(job.state()), ": there is nothing to download yet"));
  }
  if (context.invocation.output.has_value()) {
    const auto warning = ExtensionWarning(*context.invocation.output, job.spec().codec());
    if (warning.has_value()) PrintWarning(context.console, *warning);
  }
  const absl::StatusOr<std::map<int, std::string>> paths = DownloadVideos(context, job);
  if (!paths.ok()) {
    if (!context.stop.stop_requested()) return paths.status();
    context.console.err << "Interrupted. To go on:\n  " << CommandHint(context, "download", job.job_id()) << '\n';
    return kExitInterrupted;
  }
  WAN_RETURN_IF_ERROR(PrintDownloads(context, job, *paths));
  return kExitOk;
}

}  // namespace wan

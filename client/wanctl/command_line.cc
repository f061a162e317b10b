#include "client/wanctl/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/wanctl/format.h"
#include "client/wanctl/help_text.h"
#include "common/nearest_name.h"

namespace wan {
namespace {

constexpr char kDefaultServer[] = "127.0.0.1:50051";
constexpr int kMaxRetrySeconds = 24 * 3600;
constexpr int kMaxListed = 100000;

absl::Status UsageError(absl::string_view source, const std::string& description) {
  return absl::InvalidArgumentError(absl::StrCat(source, ": ", description));
}

absl::StatusOr<int> ParseInteger(const FlagText& flag, int minimum, int maximum) {
  int value = 0;
  if (absl::SimpleAtoi(flag.text, &value) && value >= minimum && value <= maximum) return value;
  return UsageError(flag.source,
                    absl::StrCat("\"", flag.text, "\" is not a whole number from ", minimum, " to ", maximum));
}

// The options of one command. Values are read as the text that was given: the library's own conversion to
// std::optional would take an empty text, which is a legal negative prompt, for an absent one.
class CommandOptions {
 public:
  CommandOptions(CLI::App* app, const CLI::App* root, const Console& console)
      : app_(app), root_(root), console_(console) {}

  CLI::Option* Add(const std::string& flags, const char* variable, const std::string& value_name, std::string help) {
    if (variable != nullptr) absl::StrAppend(&help, " [", variable, "]");
    const std::string& description = help;  // a const one: the library takes another for a value to fill in
    return app_->add_option(flags, description)->type_name(value_name)->type_size(1)->expected(1);
  }

  // Of the command, else of the program (`wanctl -o json list`), else of the environment.
  std::optional<FlagText> Read(const char* flag, const char* variable) const {
    for (const CLI::App* app : {static_cast<const CLI::App*>(app_), root_}) {
      const CLI::Option* option = app->get_option_no_throw(flag);
      if (option != nullptr && option->count() > 0) return FlagText{flag, option->results().back()};
    }
    if (variable == nullptr) return std::nullopt;
    const std::optional<std::string> value = console_.variable(variable);
    if (!value.has_value() || value->empty()) return std::nullopt;
    return FlagText{variable, *value};
  }

  std::vector<std::string> ReadAll(const char* flag) const {
    const CLI::Option* option = app_->get_option_no_throw(flag);
    return option == nullptr ? std::vector<std::string>() : option->results();
  }

  CLI::App* app() const { return app_; }

 private:
  CLI::App* const app_;
  const CLI::App* const root_;
  const Console& console_;
};

void AddCommonOptions(CommandOptions* options) {
  options->Add("-o", "WANCTL_FORMAT", "table|json", "Form of the answer (default: table)");
  options->Add("--server", "WANCTL_SERVER", "HOST:PORT", absl::StrCat("Server (default: ", kDefaultServer, ")"));
  options->Add("--retry-seconds", "WANCTL_RETRY_SECONDS", "N",
               "Give up on an unreachable server after N seconds (default: 10, in a stream 60; 0: at once)");
}

void AddCommandOptions(Command command, CommandOptions* options) {
  switch (command) {
    case Command::kGenerate:
    case Command::kSubmit:
      for (const GenerationFlag& flag : AllGenerationFlags()) {
        options->Add(flag.flag, flag.variable, flag.value_name, flag.help);
      }
      if (command == Command::kGenerate) {
        options->Add("--output", nullptr, "FILE", "Where the video goes; several get -0, -1, ... (default: JOB.mp4)");
      }
      break;
    case Command::kGet:
    case Command::kWatch:
    case Command::kCancel:
    case Command::kDownload:
      options->Add("JOB", nullptr, "", "The job's id, as 'wanctl submit' prints it")->required();
      if (command == Command::kDownload) {
        options->Add("--index", nullptr, "N", "Only this video of the job, from 0 (default: all)");
        options->Add("--output", nullptr, "FILE", "Where the video goes; several get -0, -1, ... (default: JOB.mp4)");
      }
      break;
    case Command::kList:
      options
          ->Add("--state", nullptr, "STATE",
                "queued, running, succeeded, failed, cancelled or expired; may be repeated")
          ->expected(1, CLI::detail::expected_max_vector_size)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
          ->allow_extra_args(false);
      options->Add("--limit", nullptr, "N", "At most so many jobs, newest first (default: 50)");
      break;
    case Command::kModels:
    case Command::kRings:
    case Command::kVersion:
      break;
  }
}

absl::Status ReadCommonOptions(const CommandOptions& options, Invocation* invocation) {
  if (const auto format = options.Read("-o", "WANCTL_FORMAT"); format.has_value()) {
    if (format->text != "table" && format->text != "json") {
      return UsageError(format->source, absl::StrCat("\"", format->text, "\" is neither table nor json"));
    }
    invocation->format = format->text == "json" ? OutputFormat::kJson : OutputFormat::kTable;
  }
  const auto server = options.Read("--server", "WANCTL_SERVER");
  invocation->server = server.has_value() ? server->text : kDefaultServer;
  invocation->server_is_flag = server.has_value() && server->source == "--server";
  if (invocation->server.empty()) return UsageError("--server", "the address is empty");
  if (const auto retry = options.Read("--retry-seconds", "WANCTL_RETRY_SECONDS"); retry.has_value()) {
    const absl::StatusOr<int> seconds = ParseInteger(*retry, 0, kMaxRetrySeconds);
    if (!seconds.ok()) return seconds.status();
    invocation->retry = absl::Seconds(*seconds);
  }
  return absl::OkStatus();
}

absl::Status ReadCommandOptions(const CommandOptions& options, Invocation* invocation) {
  if (invocation->command == Command::kGenerate || invocation->command == Command::kSubmit) {
    for (const GenerationFlag& flag : AllGenerationFlags()) {
      invocation->generation.*flag.member = options.Read(flag.flag, flag.variable);
    }
  }
  if (const auto output = options.Read("--output", nullptr); output.has_value()) invocation->output = output->text;
  if (const auto job = options.Read("JOB", nullptr); job.has_value()) {
    if (job->text.empty()) return UsageError("JOB", "the id is empty");
    if (!IsValidUtf8(job->text)) return UsageError("JOB", "the id is not UTF-8");
    invocation->job_id = job->text;
  }
  if (const auto index = options.Read("--index", nullptr); index.has_value()) {
    const absl::StatusOr<int> value = ParseInteger(*index, 0, kMaxListed);
    if (!value.ok()) return value.status();
    invocation->index = *value;
  }
  if (const auto limit = options.Read("--limit", nullptr); limit.has_value()) {
    const absl::StatusOr<int> value = ParseInteger(*limit, 1, kMaxListed);
    if (!value.ok()) return value.status();
    invocation->limit = *value;
  }
  for (const std::string& name : options.ReadAll("--state")) {
    const std::optional<v1::JobState> state = ParseStateName(name);
    if (!state.has_value()) return UsageError("--state", absl::StrCat("\"", name, "\" is no state of a job"));
    invocation->states.push_back(*state);
  }
  return absl::OkStatus();
}

// The library's message; for an unknown flag or command ours, with the one that was probably meant.
absl::Status ParseError(const CLI::ParseError& error, const std::vector<std::string>& arguments, const CLI::App& root) {
  const CLI::App* command = &root;
  for (const CLI::App* parsed : root.get_subcommands()) command = parsed;
  std::vector<std::string> names;
  for (const CLI::Option* option : command->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  if (command == &root) {
    for (const CLI::App* child : root.get_subcommands({})) names.push_back(child->get_name());
  }
  std::string message = error.what();
  for (const std::string& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('='));
    const bool is_flag = absl::StartsWith(name, "--");
    if (!is_flag && (command != &root || absl::StartsWith(name, "-"))) continue;
    if (std::count(names.begin(), names.end(), name) > 0) continue;
    if (name == command->get_name()) continue;
    message = absl::StrCat("unknown ", is_flag ? "flag " : "command ", QuoteBriefly(name));
    const std::optional<std::string> nearest = NearestName(name, names);
    if (nearest.has_value()) absl::StrAppend(&message, "; did you mean ", *nearest, "?");
    break;
  }
  const std::string path = command == &root ? "" : absl::StrCat(" ", command->get_name());
  return absl::InvalidArgumentError(absl::StrCat(message, " (see 'wanctl", path, " --help')"));
}

}  // namespace

absl::StatusOr<std::variant<Invocation, HelpText>> ParseCommandLine(const std::vector<std::string>& arguments,
                                                                    const Console& console) {
  CLI::App root(kProgramHelp, "wanctl");
  root.footer(kProgramFooter);
  root.require_subcommand(1);
  root.get_formatter()->column_width(34);
  root.set_help_flag("-h,--help", "Print this help and end");
  CommandOptions root_options(&root, &root, console);
  AddCommonOptions(&root_options);
  std::vector<CommandOptions> commands;
  for (const CommandHelp& help : AllCommandHelp()) {
    CLI::App* app = root.add_subcommand(help.name, help.summary);
    app->footer(help.examples);
    commands.emplace_back(app, &root, console);
    AddCommandOptions(help.command, &commands.back());
    AddCommonOptions(&commands.back());
  }

  try {
    // The library takes them from the back.
    root.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp& help) {
    std::ostringstream text;
    root.exit(help, text, text);
    return HelpText{text.str()};
  } catch (const CLI::ParseError& error) {
    return ParseError(error, arguments, root);
  }

  Invocation invocation;
  for (size_t i = 0; i < commands.size(); ++i) {
    if (!commands[i].app()->parsed()) continue;
    invocation.command = AllCommandHelp()[i].command;
    if (const absl::Status status = ReadCommonOptions(commands[i], &invocation); !status.ok()) return status;
    if (const absl::Status status = ReadCommandOptions(commands[i], &invocation); !status.ok()) return status;
  }
  return invocation;
}

}  // namespace wan

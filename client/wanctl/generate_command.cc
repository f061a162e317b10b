// submit, and generate: submit, watch, download.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/part_file.h"
#include "client/request_id.h"
#include "client/wanctl/commands.h"
#include "client/wanctl/error_output.h"
#include "client/wanctl/output_files.h"
#include "common/generation/spec_proto.h"
#include "common/status_macros.h"

namespace wan {
namespace {

// The only model of the server, where --model is left out.
absl::StatusOr<std::string> OnlyModel(const CommandContext& context) {
  WAN_ASSIGN_OR_RETURN(const std::vector<v1::Model> models, context.client.ListModels());
  if (models.size() == 1) {
    context.console.err << "model " << Printable(models[0].name()) << ", the only one of the server\n";
    return models[0].name();
  }
  const std::string names =
      absl::StrJoin(models, ", ", [](std::string* out, const v1::Model& model) { absl::StrAppend(out, model.name()); });
  return InvalidSpecError(
      {{"--model", absl::StrCat("is needed; this server has ", names.empty() ? "no model" : names)}});
}

absl::StatusOr<v1::Job> Submit(const CommandContext& context) {
  WAN_ASSIGN_OR_RETURN(GenerationRequest request, ParseGenerationFlags(context.invocation.generation));
  if (!context.invocation.generation.model.has_value()) {
    WAN_ASSIGN_OR_RETURN(request.model, OnlyModel(context));
  }
  absl::StatusOr<v1::Job> job = context.client.Submit(RequestToProto(request), NewRequestId());
  if (!job.ok() && context.stop.stop_requested()) {
    context.console.err << "The answer to the submission is not known: 'wanctl list' shows whether the job is there.\n";
  }
  return job;
}

void PrintDetached(const CommandContext& context, const std::string& what, const std::string& job_id) {
  context.console.err << what << " To go on:\n";
  for (const char* command : {"watch", "download", "cancel"}) {
    context.console.err << "  " << CommandHint(context, command, job_id) << '\n';
  }
  context.console.err << std::flush;
}

// The job is stored on the server: whatever happens here, it can be taken up again.
absl::StatusOr<ExitCode> Detached(const CommandContext& context, const absl::Status& status,
                                  const std::string& job_id) {
  context.display.Clear();
  if (context.stop.stop_requested()) {
    PrintDetached(context, absl::StrCat("Detached; job ", job_id, " goes on."), job_id);
    return kExitInterrupted;
  }
  PrintError(context.console, status);
  PrintDetached(context, absl::StrCat("Job ", job_id, " is not touched by this."), job_id);
  return ExitCodeOf(status);
}

}  // namespace

absl::StatusOr<ExitCode> RunSubmit(const CommandContext& context) {
  WAN_ASSIGN_OR_RETURN(const v1::Job job, Submit(context));
  if (context.is_json()) {
    WAN_RETURN_IF_ERROR(PrintJson(context, job));
  } else {
    context.console.out << job.job_id() << '\n';
  }
  return kExitOk;
}

absl::StatusOr<ExitCode> RunGenerate(const CommandContext& context) {
  const std::optional<std::string>& output = context.invocation.output;
  // Before the work and not after it.
  if (!output.has_value()) {
    WAN_RETURN_IF_ERROR(CheckOutputFolder("."));
  } else if (const absl::Status status = CheckOutputPath(*output); !status.ok()) {
    return Annotate(absl::InvalidArgumentError(status.message()), "--output");
  }
  WAN_ASSIGN_OR_RETURN(const v1::Job submitted, Submit(context));
  const std::string& job_id = submitted.job_id();
  context.console.err << "job " << job_id << '\n' << std::flush;
  if (output.has_value()) {
    const auto warning = ExtensionWarning(*output, submitted.spec().codec());
    if (warning.has_value()) PrintWarning(context.console, *warning);
  }

  const absl::StatusOr<v1::Job> job =
      context.client.Watch(job_id, [&](const v1::JobEvent& event) { context.display.ShowJob(event.job()); });
  context.display.Clear();
  if (!job.ok()) return Detached(context, job.status(), job_id);
  if (job->state() != v1::JOB_STATE_SUCCEEDED) {
    if (context.is_json()) WAN_RETURN_IF_ERROR(PrintJson(context, *job));
    PrintJobError(context.console, *job);
    return ExitCodeOf(*job);
  }

  const absl::StatusOr<std::map<int, std::string>> paths = DownloadVideos(context, *job);
  if (!paths.ok()) return Detached(context, paths.status(), job_id);
  WAN_RETURN_IF_ERROR(PrintDownloads(context, *job, *paths));
  return kExitOk;
}

}  // namespace wan

// The commands that ask once and print: get, list, cancel, models, rings; and watch, which follows.
#include "absl/strings/str_cat.h"
#include "client/wanctl/commands.h"
#include "client/wanctl/error_output.h"
#include "client/wanctl/format.h"
#include "client/wanctl/tables.h"
#include "common/status_macros.h"
#include "wan/v1/video_generation.pb.h"

namespace wan {

absl::Status PrintJson(const CommandContext& context, const google::protobuf::Message& message, JsonLayout layout) {
  WAN_ASSIGN_OR_RETURN(const std::string json, ToJson(message, layout));
  context.console.out << json << std::flush;
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> RunGet(const CommandContext& context) {
  WAN_ASSIGN_OR_RETURN(const v1::Job job, context.client.Get(context.invocation.job_id));
  if (context.is_json()) {
    WAN_RETURN_IF_ERROR(PrintJson(context, job));
  } else {
    context.console.out << JobDetails(job);
  }
  return kExitOk;
}

absl::StatusOr<ExitCode> RunList(const CommandContext& context) {
  bool more = false;
  WAN_ASSIGN_OR_RETURN(const std::vector<v1::Job> jobs,
                       context.client.List(context.invocation.states, context.invocation.limit, &more));
  if (context.is_json()) {
    v1::ListJobsResponse response;
    for (const v1::Job& job : jobs) *response.add_jobs() = job;
    WAN_RETURN_IF_ERROR(PrintJson(context, response));
  } else {
    context.console.out << JobTable(jobs, context.console.now(), context.console.columns());
  }
  if (more) {
    PrintWarning(context.console,
                 absl::StrCat("there are more jobs than ", jobs.size(), ": raise --limit to see them"));
  }
  return kExitOk;
}

absl::StatusOr<ExitCode> RunCancel(const CommandContext& context) {
  WAN_ASSIGN_OR_RETURN(const v1::Job job, context.client.Cancel(context.invocation.job_id));
  if (context.is_json()) {
    WAN_RETURN_IF_ERROR(PrintJson(context, job));
    return kExitOk;
  }
  const bool is_pending = !IsFinal(job.state()) && job.cancel_requested();
  context.console.out << job.job_id() << ' ' << StateName(job.state()) << (is_pending ? ", cancel requested" : "")
                      << '\n';
  return kExitOk;
}

absl::StatusOr<ExitCode> RunModels(const CommandContext& context) {
  WAN_ASSIGN_OR_RETURN(const std::vector<v1::Model> models, context.client.ListModels());
  if (context.is_json()) {
    v1::ListModelsResponse response;
    for (const v1::Model& model : models) *response.add_models() = model;
    WAN_RETURN_IF_ERROR(PrintJson(context, response));
  } else {
    context.console.out << ModelTable(models);
  }
  return kExitOk;
}

absl::StatusOr<ExitCode> RunRings(const CommandContext& context) {
  WAN_ASSIGN_OR_RETURN(const std::vector<v1::Ring> rings, context.client.ListRings());
  if (context.is_json()) {
    v1::ListRingsResponse response;
    for (const v1::Ring& ring : rings) *response.add_rings() = ring;
    WAN_RETURN_IF_ERROR(PrintJson(context, response));
  } else {
    context.console.out << RingTable(rings);
  }
  return kExitOk;
}

absl::StatusOr<ExitCode> RunWatch(const CommandContext& context) {
  const std::string& job_id = context.invocation.job_id;
  absl::Status printed;
  const absl::StatusOr<v1::Job> job = context.client.Watch(job_id, [&](const v1::JobEvent& event) {
    if (context.is_json()) {
      printed.Update(PrintJson(context, event, JsonLayout::kOneLine));
    } else {
      context.display.ShowJob(event.job());
    }
  });
  context.display.Clear();
  if (!job.ok()) {
    if (context.stop.stop_requested()) {
      context.console.err << "No longer watching; the job goes on. To go on:\n  "
                          << CommandHint(context, "watch", job_id) << '\n';
      return kExitInterrupted;
    }
    return job.status();
  }
  WAN_RETURN_IF_ERROR(printed);
  if (!context.is_json()) context.console.out << job->job_id() << ' ' << StateName(job->state()) << '\n';
  if (job->state() != v1::JOB_STATE_SUCCEEDED) PrintJobError(context.console, *job);
  return ExitCodeOf(*job);
}

}  // namespace wan

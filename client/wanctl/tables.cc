#include "client/wanctl/tables.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/wanctl/console.h"
#include "client/wanctl/format.h"
#include "client/wanctl/progress_text.h"
#include "common/error.h"
#include "common/rpc/grpc_status.h"

namespace wan {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr size_t kNarrowestPrompt = 20;
constexpr size_t kWidestPrompt = 60;

std::string OrDash(const std::string& text) { return text.empty() ? "-" : Printable(text); }

std::string Rate(const v1::FrameRate& rate) {
  if (rate.denominator() <= 1) return absl::StrCat(rate.numerator());
  return absl::StrCat(rate.numerator(), "/", rate.denominator());
}

std::string Size(const v1::GenerationSpec& spec) { return absl::StrCat(spec.width(), "x", spec.height()); }

// "(model)" behind a value: where it came from.
std::string Origin(const v1::Job& job, const std::string& field) {
  const auto origin = job.spec_origins().find(field);
  if (origin == job.spec_origins().end()) return "";
  switch (origin->second) {
    case v1::VALUE_ORIGIN_REQUEST:
      return "given";
    case v1::VALUE_ORIGIN_MODEL:
      return "model's default";
    case v1::VALUE_ORIGIN_SERVER:
      return "chosen by the server";
    default:
      return "";
  }
}

void AddSpec(const v1::Job& job, Rows* rows) {
  const v1::GenerationSpec& spec = job.spec();
  const auto add = [&](const std::string& label, const std::string& field, const std::string& value) {
    rows->push_back({label, value, Origin(job, field)});
  };
  add("model", "model", OrDash(spec.model()));
  add("width", "width", absl::StrCat(spec.width()));
  add("height", "height", absl::StrCat(spec.height()));
  add("frames", "num_frames", absl::StrCat(spec.num_frames()));
  add("fps", "fps", Rate(spec.fps()));
  add("steps", "num_steps", absl::StrCat(spec.num_steps()));
  add("guidance", "guidance_scale", NumberText(spec.guidance_scale()));
  add("shift", "flow_shift", NumberText(spec.flow_shift()));
  add("scheduler", "scheduler", OrDash(spec.scheduler()));
  add("seed", "seed", absl::StrCat(spec.seed()));
  add("videos", "num_videos", absl::StrCat(spec.num_videos()));
  add("codec", "codec", OrDash(spec.codec()));
}

// How far the job is, in a word or two.
std::string Stage(const v1::Job& job) {
  switch (job.state()) {
    case v1::JOB_STATE_QUEUED:
      return job.queue_position() > 0 ? absl::StrCat("position ", job.queue_position()) : "-";
    case v1::JOB_STATE_RUNNING:
      return StepText(job.progress());
    default:
      return "-";
  }
}

}  // namespace

std::string JobDetails(const v1::Job& job) {
  Rows rows;
  rows.push_back({"job", job.job_id()});
  std::string state = StateName(job.state());
  if (job.cancel_requested() && job.state() == v1::JOB_STATE_RUNNING) state += ", cancel requested";
  rows.push_back({"state", state});
  if (Stage(job) != "-") rows.push_back({"progress", ProgressText(job)});
  AddSpec(job, &rows);
  rows.push_back({"created", TimeText(job.create_time())});
  rows.push_back({"started", TimeText(job.start_time())});
  rows.push_back({"ended", TimeText(job.end_time())});
  if (job.has_start_time() && job.has_end_time()) {
    rows.push_back({"took", DurationText(ToTime(job.end_time()) - ToTime(job.start_time()))});
  }
  rows.push_back({"attempt", absl::StrCat(job.attempt(), " of ", job.max_attempts())});
  rows.push_back({"ring", OrDash(job.ring())});
  // Long texts last and outside the columns, or their width would push everything apart.
  std::string text = AlignColumns(rows);
  absl::StrAppend(&text, "prompt    ", Printable(job.spec().prompt()), "\n");
  if (!job.spec().negative_prompt().empty()) {
    absl::StrAppend(&text, "negative  ", Printable(job.spec().negative_prompt()), "\n");
  }
  for (const v1::Video& video : job.videos()) {
    absl::StrAppend(&text, "video ", video.index(), "   ", video.container(), " ", video.codec(), ", ",
                    video.num_frames(), " frames, ", BytesText(video.size_bytes()), ", seed ", video.seed(),
                    ", SHA-256 ", video.sha256(), "\n");
  }
  if (job.has_error()) {
    const absl::Status error = FromRpcStatus(job.error());
    const std::string reason = GetErrorDetails(error).reason;
    absl::StrAppend(&text, "error     ", Printable(std::string(error.message())),
                    reason.empty() ? "" : absl::StrCat(" (", reason, ")"), "\n");
  }
  return text;
}

std::string JobTable(const std::vector<v1::Job>& jobs, absl::Time now, int columns) {
  Rows rows = {{"JOB", "STATE", "PROGRESS", "MODEL", "SIZE", "FRAMES", "AGE", "TOOK"}};
  for (const v1::Job& job : jobs) {
    std::string took = "-";
    if (job.has_start_time() && job.has_end_time()) {
      took = DurationText(ToTime(job.end_time()) - ToTime(job.start_time()));
    }
    rows.push_back({job.job_id(), StateName(job.state()), Stage(job), OrDash(job.spec().model()), Size(job.spec()),
                    absl::StrCat(job.spec().num_frames()), DurationText(now - ToTime(job.create_time())), took});
  }
  size_t used = 0;
  for (size_t column = 0; column < rows[0].size(); ++column) {
    size_t widest = 0;
    for (const auto& row : rows) widest = std::max(widest, DisplayWidth(row[column]));
    used += widest + 2;
  }
  const size_t left = std::max(columns, 0) > static_cast<int>(used) ? columns - used : 0;
  const size_t prompt_width = std::clamp(left, kNarrowestPrompt, kWidestPrompt);
  rows[0].push_back("PROMPT");
  for (size_t i = 0; i < jobs.size(); ++i) {
    rows[i + 1].push_back(Shorten(Printable(jobs[i].spec().prompt()), prompt_width));
  }
  return AlignColumns(rows);
}

std::string ModelTable(const std::vector<v1::Model>& models) {
  Rows rows = {{"MODEL", "TASKS", "SIZE", "FRAMES", "FPS", "STEPS", "GUIDANCE", "SHIFT", "SCHEDULER", "CODECS",
                "READY RINGS", "NAME"}};
  for (const v1::Model& model : models) {
    const v1::GenerationSpec& defaults = model.defaults();
    rows.push_back({OrDash(model.name()), OrDash(absl::StrJoin(model.tasks(), ",")), Size(defaults),
                    absl::StrCat(defaults.num_frames()), Rate(defaults.fps()), absl::StrCat(defaults.num_steps()),
                    NumberText(defaults.guidance_scale()), NumberText(defaults.flow_shift()),
                    OrDash(defaults.scheduler()), OrDash(absl::StrJoin(model.codecs(), ",")),
                    absl::StrCat(model.ready_rings()), OrDash(model.display_name())});
  }
  return AlignColumns(rows);
}

std::string RingTable(const std::vector<v1::Ring>& rings) {
  Rows rows = {{"RING", "STATE", "MODEL", "RANKS", "DEVICE", "DTYPE", "CODECS", "UPTIME", "JOB", "ADDRESS", "DETAIL"}};
  for (const v1::Ring& ring : rings) {
    rows.push_back({OrDash(ring.name()), RingStateName(ring.state()), OrDash(ring.model()),
                    ring.world_size() > 0 ? absl::StrCat(ring.world_size()) : "-", OrDash(ring.device()),
                    OrDash(ring.dtype()), OrDash(absl::StrJoin(ring.codecs(), ",")),
                    ring.has_uptime() ? DurationText(ToDuration(ring.uptime())) : "-", OrDash(ring.job_id()),
                    OrDash(ring.address()), OrDash(ring.detail())});
  }
  return AlignColumns(rows);
}

}  // namespace wan

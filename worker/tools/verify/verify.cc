#include "worker/tools/verify/verify.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "worker/device/host_limits.h"

namespace wan {
namespace {

using Runner = absl::Status (*)(const GoldenCase&, const VerifyOptions&, CaseReport&);

struct KindRow {
  const char* kind;
  Runner run;
};

constexpr std::array<KindRow, 5> kKinds = {{{"pipeline", VerifyPipeline},
                                            {"bf16_forward", VerifyBf16Forward},
                                            {"scheduler", VerifyScheduler},
                                            {"vae", VerifyVae},
                                            {"text", VerifyText}}};

bool IsProbe(const std::string& tensor) {
  return absl::StartsWith(tensor, "forward.") || absl::StartsWith(tensor, "stage.") ||
         absl::StartsWith(tensor, "hidden.");
}

void NoteProbes(const GoldenCase& golden, CaseReport& report) {
  const std::vector<std::string> names = golden.TensorNames();
  const auto count = std::count_if(names.begin(), names.end(), IsProbe);
  if (count > 0) {
    report.notes.push_back(absl::StrCat(count,
                                        " probes (forward.*, stage.*, hidden.*) are inside values of the "
                                        "reference and are not compared"));
  }
}

bool IsSet(const nlohmann::json& json, const char* key) {
  return json.contains(key) && !json[key].is_null() && json[key] != false;
}

}  // namespace

std::string WhyUnsupported(const GoldenCase& golden) {
  const nlohmann::json& json = golden.json();
  const bool known =
      std::any_of(kKinds.begin(), kKinds.end(), [&](const KindRow& row) { return golden.kind() == row.kind; });
  if (!known) return absl::StrCat("kind '", golden.kind(), "' (known: pipeline, bf16_forward, scheduler, vae, text)");
  if (golden.kind() == "pipeline") {
    const std::string pipeline = json.value("pipeline", "");
    if (pipeline != "WanPipeline") return absl::StrCat("pipeline '", pipeline, "'");
    if (IsSet(json, "boundary_ratio")) return "boundary_ratio: two experts";
    if (IsSet(json, "expand_timesteps")) return "expand_timesteps";
    if (IsSet(json, "cache")) return "a step cache";
  }
  if (golden.kind() == "vae") {
    if (json.value("vae", 21) != 21) return absl::StrCat("VAE ", json["vae"].dump());
    if (IsSet(json, "tiling")) return "VAE tiling";
  }
  return "";
}

CaseReport VerifyCase(const std::string& folder, const VerifyOptions& options) {
  const c10::InferenceMode inference;
  CaseReport report;
  report.name = folder;
  auto golden = GoldenCase::Load(folder);
  if (!golden.ok()) {
    report.error = std::string(golden.status().message());
    return report;
  }
  report.name = golden->name();
  report.kind = golden->kind();
  report.unsupported = WhyUnsupported(*golden);
  if (!report.unsupported.empty()) return report;
  at::set_num_threads(static_cast<int>(UsableThreads(/*local_ranks=*/1, options.threads)));
  report.facts["threads"] = absl::StrCat(at::get_num_threads());
  report.facts["device"] = options.device;
  NoteProbes(*golden, report);
  const auto* row =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const KindRow& kind) { return report.kind == kind.kind; });
  try {
    const absl::Status status = row->run(*golden, options, report);
    if (!status.ok()) report.error = std::string(status.message());
  } catch (const std::exception& error) {
    report.error = error.what();
  }
  return report;
}

}  // namespace wan

#include "worker/tools/verify/reference_scheduler.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"

namespace wan {
namespace {

struct ClassRow {
  const char* name;
  NoiseSchedulerKind kind;
  const char* shift_key;
};

constexpr std::array<ClassRow, 3> kClasses = {
    {{"UniPCMultistepScheduler", NoiseSchedulerKind::kUniPC, "flow_shift"},
     {"FlowMatchEulerDiscreteScheduler", NoiseSchedulerKind::kEuler, "shift"},
     {"DPMSolverMultistepScheduler", NoiseSchedulerKind::kDpm, "flow_shift"}}};

// Options that our solvers have in one setting only.
struct OptionRow {
  const char* key;
  nlohmann::json value;
};

}  // namespace

absl::StatusOr<std::unique_ptr<NoiseScheduler>> MakeReferenceScheduler(const nlohmann::json& description,
                                                                       int64_t num_steps, std::optional<double> shift) {
  const nlohmann::json& config = description.contains("config") ? description["config"] : description;
  const std::array<OptionRow, 7> fixed = {{{"solver_order", 2},
                                           {"prediction_type", "flow_prediction"},
                                           {"use_flow_sigmas", true},
                                           {"num_train_timesteps", 1000},
                                           {"final_sigmas_type", "zero"},
                                           {"lower_order_final", true},
                                           {"use_dynamic_shifting", false}}};
  for (const OptionRow& option : fixed) {
    if (config.contains(option.key) && config[option.key] != option.value) {
      return absl::FailedPreconditionError(absl::StrCat(
          "scheduler option ", option.key, " is ", config[option.key].dump(), ", supported is ", option.value.dump()));
    }
  }
  const std::string name = description.value("class", "");
  for (const ClassRow& row : kClasses) {
    if (name != row.name) continue;
    return MakeNoiseScheduler(
        row.kind,
        {.num_steps = num_steps, .flow_shift = shift ? *shift : config.value(row.shift_key, 1.0), .dtype = at::kFloat});
  }
  return absl::FailedPreconditionError(absl::StrCat("scheduler class '", name, "' is not supported"));
}

}  // namespace wan

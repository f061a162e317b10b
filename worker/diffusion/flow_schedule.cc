#include "worker/diffusion/flow_schedule.h"

namespace wan {

std::vector<double> Linspace(double start, double stop, int64_t count) {
  std::vector<double> values(static_cast<size_t>(count));
  if (count == 1) {
    values[0] = start;
    return values;
  }
  const double step = (stop - start) / static_cast<double>(count - 1);
  for (int64_t i = 0; i < count; ++i) values[static_cast<size_t>(i)] = static_cast<double>(i) * step + start;
  values.back() = stop;
  return values;
}

std::vector<double> RoundTo(at::ScalarType dtype, std::vector<double> values) {
  if (dtype == at::kFloat) {
    for (double& value : values) value = static_cast<float>(value);
  }
  return values;
}

}  // namespace wan

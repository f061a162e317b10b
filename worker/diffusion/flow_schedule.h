#ifndef WAN_WORKER_DIFFUSION_FLOW_SCHEDULE_H_
#define WAN_WORKER_DIFFUSION_FLOW_SCHEDULE_H_

#include <c10/core/ScalarType.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace wan {

// numpy.linspace(start, stop, count) bit for bit: start + i·step in float64, the last element forced to `stop`.
// Timesteps are truncated from it and can sit near a whole number.
std::vector<double> Linspace(double start, double stop, int64_t count);

// S(u) = s·u / (1 + (s − 1)·u), in the precision of its arguments.
template <typename Real>
Real ShiftSigma(Real sigma, Real shift) {
  return shift * sigma / (Real(1) + (shift - Real(1)) * sigma);
}

// Rounded to the scheduler's dtype.
std::vector<double> RoundTo(at::ScalarType dtype, std::vector<double> values);

// ln α − ln σ with α = 1 − σ, in the scheduler's precision; −∞ at σ = 1, +∞ at σ = 0.
template <typename Real>
Real Lambda(Real sigma) {
  return std::log(Real(1) - sigma) - std::log(sigma);
}

}  // namespace wan

#endif  // WAN_WORKER_DIFFUSION_FLOW_SCHEDULE_H_

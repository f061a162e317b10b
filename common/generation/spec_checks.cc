#include "common/generation/spec_checks.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace wan {
namespace {

constexpr int64_t kMaxSeed = std::numeric_limits<int64_t>::max();
constexpr int64_t kMaxFramesPerSecond = 240;
constexpr int64_t kMaxSecondsPerFrame = 60;
constexpr int64_t kMaxRateTerm = 1'000'000;  // time scales of containers are small; 240000/1001 fits

// Shortest text that reads back as the same number: 100.0000001 must not be shown as 100.
std::string FormatNumber(double value) {
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, result.ptr);
}

// The member of {first, first + step, …} within [min, max] nearest to `value`, the greater one of two equally near.
// Precondition: min and max are members themselves.
int64_t NearestMember(int64_t value, int64_t first, int64_t step, int64_t min, int64_t max) {
  if (value <= min) return min;
  if (value >= max) return max;
  return first + (value - first + step / 2) / step * step;
}

std::string Nearest(int64_t value) { return absl::StrCat("; nearest legal value is ", value); }

}  // namespace

bool SpecChecks::Violated(absl::string_view field, std::string description) {
  violations_.push_back({absl::StrCat("spec.", field), std::move(description)});
  return false;
}

bool SpecChecks::Text(absl::string_view field, absl::string_view text, int64_t max_bytes) {
  std::vector<std::string> faults;
  if (static_cast<int64_t>(text.size()) > max_bytes) {
    faults.push_back(absl::StrCat("has ", text.size(), " bytes of UTF-8, at most ", max_bytes, " are allowed"));
  }
  if (const auto bad = FirstInvalidUtf8Byte(text)) {
    faults.push_back(absl::StrCat("is not valid UTF-8: the first bad byte is at offset ", *bad));
  }
  return faults.empty() || Violated(field, absl::StrJoin(faults, "; "));
}

bool SpecChecks::Side(absl::string_view field, int64_t value, const ModelLimits& limits) {
  const int64_t multiple = limits.size_multiple;
  const std::string nearest = Nearest(NearestMember(value, 0, multiple, limits.min_side, limits.max_side));
  if (value < limits.min_side || value > limits.max_side) {
    return Violated(field, absl::StrCat(value, " is not within ", limits.min_side, " to ", limits.max_side,
                                        " (multiples of ", multiple, ")", nearest));
  }
  if (value % multiple != 0) return Violated(field, absl::StrCat(value, " is not a multiple of ", multiple, nearest));
  return true;
}

bool SpecChecks::Pixels(int64_t width, int64_t height, const ModelLimits& limits) {
  if (width * height <= limits.max_pixels) return true;  // sides are at most a few thousand
  const int64_t multiple = limits.size_multiple;
  // The greatest size of about the same aspect: shrink both, round the width down, then give the height what is left.
  const double scale = std::sqrt(static_cast<double>(limits.max_pixels) / static_cast<double>(width * height));
  int64_t fitting_width = static_cast<int64_t>(static_cast<double>(width) * scale) / multiple * multiple;
  fitting_width = std::max(fitting_width, limits.min_side);
  int64_t fitting_height = std::min(height, limits.max_pixels / fitting_width / multiple * multiple);
  if (fitting_height < limits.min_side) {
    fitting_height = limits.min_side;
    fitting_width = limits.max_pixels / limits.min_side / multiple * multiple;
  }
  return Violated("width",
                  absl::StrCat(width, " x ", height, " is ", width * height, " pixels, at most ", limits.max_pixels,
                               " are allowed; nearest legal size is ", fitting_width, " x ", fitting_height));
}

bool SpecChecks::Frames(absl::string_view field, int64_t value, int64_t max) {
  const std::string nearest = Nearest(NearestMember(value, 1, 4, 1, max));
  if (value < 1 || value > max) {
    return Violated(field, absl::StrCat(value, " is not within 1 to ", max, " (4n+1)", nearest));
  }
  if (value % 4 != 1) return Violated(field, absl::StrCat(value, " is not 4n+1", nearest));
  return true;
}

bool SpecChecks::Rate(absl::string_view field, const FrameRate& rate) {
  const int64_t numerator = rate.numerator;
  const int64_t denominator = rate.denominator;
  const std::string text = FormatFrameRate(rate);
  if (numerator <= 0 || denominator <= 0)
    return Violated(field, absl::StrCat(text, " is not positive; nearest legal value is 1"));
  if (numerator > kMaxFramesPerSecond * denominator) {
    return Violated(
        field, absl::StrCat(text, " is above ", kMaxFramesPerSecond, " frames a second", Nearest(kMaxFramesPerSecond)));
  }
  if (numerator * kMaxSecondsPerFrame < denominator) {
    return Violated(field, absl::StrCat(text, " is below one frame in ", kMaxSecondsPerFrame,
                                        " seconds; nearest legal value is 1/", kMaxSecondsPerFrame));
  }
  if (numerator > kMaxRateTerm || denominator > kMaxRateTerm) {
    const int64_t divisor = std::gcd(numerator, denominator);
    const FrameRate reduced = {static_cast<int32_t>(numerator / divisor), static_cast<int32_t>(denominator / divisor)};
    const bool helps = reduced.numerator <= kMaxRateTerm && reduced.denominator <= kMaxRateTerm;
    return Violated(field, absl::StrCat(text, " has a term above ", kMaxRateTerm,
                                        helps ? absl::StrCat("; the same rate is ", FormatFrameRate(reduced)) : ""));
  }
  return true;
}

bool SpecChecks::Range(absl::string_view field, int64_t value, int64_t min, int64_t max) {
  if (value >= min && value <= max) return true;
  return Violated(field,
                  absl::StrCat(value, " is not within ", min, " to ", max, Nearest(std::clamp(value, min, max))));
}

bool SpecChecks::Number(absl::string_view field, double value, double min, bool excludes_min, double max) {
  const std::string allowed = absl::StrCat(excludes_min ? "above " : "from ", FormatNumber(min),
                                           excludes_min ? " and at most " : " to ", FormatNumber(max));
  if (!std::isfinite(value))
    return Violated(field, absl::StrCat(FormatNumber(value), " is not finite: ", allowed, " is allowed"));
  if (value > max) {
    return Violated(
        field, absl::StrCat(FormatNumber(value), " is not ", allowed, "; nearest legal value is ", FormatNumber(max)));
  }
  if (value < min || (excludes_min && value == min)) {
    const std::string nearest = excludes_min ? "" : absl::StrCat("; nearest legal value is ", FormatNumber(min));
    return Violated(field, absl::StrCat(FormatNumber(value), " is not ", allowed, nearest));
  }
  return true;
}

void SpecChecks::UnknownName(absl::string_view field, absl::string_view name, const std::vector<std::string>& allowed) {
  const std::optional<std::string> nearest = NearestName(name, allowed);
  Violated(field, absl::StrCat(QuoteBriefly(name), " is unknown; allowed: ", absl::StrJoin(allowed, ", "),
                               nearest.has_value() ? absl::StrCat("; nearest legal value is ", *nearest) : ""));
}

bool SpecChecks::Seed(absl::string_view field, int64_t seed, int64_t num_videos) {
  if (seed < 0) {
    return Violated(field, absl::StrCat(seed, " is not within 0 to ", kMaxSeed,
                                        "; nearest legal value is 0 (leave it out for a chosen one)"));
  }
  if (seed > kMaxSeed - (num_videos - 1)) {
    return Violated(field,
                    absl::StrCat(seed, " leaves no seeds for ", num_videos, " videos: video i has seed + i, at most ",
                                 kMaxSeed, Nearest(kMaxSeed - (num_videos - 1))));
  }
  return true;
}

}  // namespace wan

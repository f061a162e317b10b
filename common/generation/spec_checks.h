// The rules of a spec, one a method; each adds a violation with the value, what is allowed, and the nearest legal
// value.
#ifndef WAN_COMMON_GENERATION_SPEC_CHECKS_H_
#define WAN_COMMON_GENERATION_SPEC_CHECKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/generation/model_catalog.h"
#include "common/generation/spec.h"

namespace wan {

// `field` is the field's name without "spec.". Checks return whether the value is legal.
class SpecChecks {
 public:
  // Length and encoding. The text itself is never shown: it may be long, private or not text at all.
  bool Text(absl::string_view field, absl::string_view text, int64_t max_bytes);
  bool Side(absl::string_view field, int64_t value, const ModelLimits& limits);
  // Precondition: both sides are legal.
  bool Pixels(int64_t width, int64_t height, const ModelLimits& limits);
  // 1, 5, 9, … max: the VAE makes one latent of the first frame and one of each four after it.
  bool Frames(absl::string_view field, int64_t value, int64_t max);
  bool Rate(absl::string_view field, const FrameRate& rate);
  bool Range(absl::string_view field, int64_t value, int64_t min, int64_t max);
  bool Number(absl::string_view field, double value, double min, bool excludes_min, double max);
  void UnknownName(absl::string_view field, absl::string_view name, const std::vector<std::string>& allowed);
  // Video i has seed + i, which must exist as well.
  bool Seed(absl::string_view field, int64_t seed, int64_t num_videos);

  const std::vector<FieldViolation>& violations() const { return violations_; }

 private:
  bool Violated(absl::string_view field, std::string description);

  std::vector<FieldViolation> violations_;
};

}  // namespace wan

#endif  // WAN_COMMON_GENERATION_SPEC_CHECKS_H_

// The generation flags as text, and the request that they say.
#ifndef WAN_CLIENT_WANCTL_GENERATION_FLAGS_H_
#define WAN_CLIENT_WANCTL_GENERATION_FLAGS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/generation/spec.h"

namespace wan {

// A value as it was given, with the name of the flag or variable that gave it, for messages.
struct FlagText {
  std::string source;  // "--seed" or "WANCTL_SEED"
  std::string text;
};

// Absent: neither flag nor variable, so the model's default holds; an empty text is a value.
struct GenerationFlags {
  std::optional<FlagText> model;
  std::optional<FlagText> prompt;
  std::optional<FlagText> negative;
  std::optional<FlagText> width;
  std::optional<FlagText> height;
  std::optional<FlagText> frames;
  std::optional<FlagText> fps;
  std::optional<FlagText> steps;
  std::optional<FlagText> guidance;
  std::optional<FlagText> shift;
  std::optional<FlagText> scheduler;
  std::optional<FlagText> seed;
  std::optional<FlagText> videos;
  std::optional<FlagText> codec;
};

// One row for each generation flag; the command line, the environment and the messages all follow it.
struct GenerationFlag {
  const char* flag;        // "--frames"
  const char* variable;    // "WANCTL_FRAMES"; null: flag only
  const char* spec_field;  // "num_frames", the name in GenerationSpec
  const char* value_name;  // "N", for help
  const char* help;
  std::optional<FlagText> GenerationFlags::*member;
};
absl::Span<const GenerationFlag> AllGenerationFlags();

// Checks the form of each value (whole numbers, frame rate, UTF-8); what is legal for the model is the server's to say.
// Error: INVALID_ARGUMENT with one violation for each bad value, all at once; its field is the flag's source.
absl::StatusOr<GenerationRequest> ParseGenerationFlags(const GenerationFlags& flags);

// "--width" for "spec.width" or "width"; other fields unchanged.
std::string FlagOfField(absl::string_view field);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_GENERATION_FLAGS_H_

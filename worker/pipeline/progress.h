#ifndef WAN_WORKER_PIPELINE_PROGRESS_H_
#define WAN_WORKER_PIPELINE_PROGRESS_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace wan {

// What a job is doing; the names are those of the proto's Phase in lower case.
enum class Phase { kLoading, kEncodingText, kEncodingMedia, kDenoising, kDecoding, kMuxing, kPublishing };
inline constexpr std::array<absl::string_view, 7> kPhaseNames = {
    "loading", "encoding_text", "encoding_media", "denoising", "decoding", "muxing", "publishing"};
inline absl::string_view PhaseName(Phase phase) { return kPhaseNames[static_cast<size_t>(phase)]; }

// Where a job stands, as plain numbers; the ring turns them into messages and metrics.
struct Progress {
  Phase phase = Phase::kLoading;
  int64_t video_index = 0;
  int64_t step = 0;                  // steps of this phase that are done
  int64_t of = 0;                    // steps of this phase in all
  double step_seconds = 0;           // duration of the step just done; 0 before the first
  int64_t transformer_forwards = 0;  // stacks of blocks run since the job began, over all branches
};

}  // namespace wan

#endif  // WAN_WORKER_PIPELINE_PROGRESS_H_

// A job's progress in words.
#ifndef WAN_CLIENT_WANCTL_PROGRESS_TEXT_H_
#define WAN_CLIENT_WANCTL_PROGRESS_TEXT_H_

#include <string>

#include "wan/v1/job.pb.h"

namespace wan {

// "denoising 12/50", "video 2, denoising 12/50" from the second video on, "loading"; "starting" before a phase.
std::string StepText(const v1::Progress& progress);

// "1.3 s per step, about 47 s left"; empty while neither is known.
std::string SpeedText(const v1::Progress& progress);

// One line for any state: "queued, position 3", "denoising 12/50, 1.3 s per step, about 47 s left", "succeeded".
std::string ProgressText(const v1::Job& job);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_PROGRESS_TEXT_H_

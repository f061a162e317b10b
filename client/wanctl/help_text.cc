#include "client/wanctl/help_text.h"

namespace wan {

const char kProgramHelp[] = "Makes videos on a Wan server.";

const char kProgramFooter[] =
    R"(Values come from the flag, else from the variable in brackets, else from the default; generation values that are given
nowhere are the model's. Answers go to the standard output, messages and progress to the standard error. NO_COLOR is
honoured.

Exit codes:
  0 done                     4 not authenticated or not allowed   8 the job was cancelled
  1 failed job, other error  5 server busy, quota used up         130 interrupted
  2 wrong usage or request   6 timeout
  3 not found                7 no server

Examples:
  wanctl generate --model wan-shapes --prompt "a red ball moves left" --output ball.mp4
  wanctl submit --model t2v-1.3b --prompt "a cat surfs" --seed 7
  wanctl list --state running -o json
  wanctl COMMAND --help
)";

absl::Span<const CommandHelp> AllCommandHelp() {
  static constexpr CommandHelp kHelp[] = {
      {Command::kGenerate, "generate",
       "Submit a job, follow it, download its videos; an interrupt leaves the job running",
       R"(The paths of the videos go to the standard output; with -o json the job does, with "path" in each of its videos.

Examples:
  wanctl generate --model wan-shapes --prompt "a red ball moves left"
  wanctl generate --prompt "a blue square moves up" --width 64 --height 64 --frames 17 --seed 7 --output square.mp4
  wanctl generate --prompt "waves at night" --videos 3 --output waves.mp4     # waves-0.mp4, waves-1.mp4, waves-2.mp4
  wanctl generate --prompt "a cat surfs" --fps 30000/1001 --codec ffv1 --output cat.mkv -o json
)"},
      {Command::kSubmit, "submit", "Submit a job and print its id", R"(Examples:
  wanctl submit --model wan-shapes --prompt "a red ball moves left"
  JOB=$(wanctl submit --prompt "a cat surfs" --guidance 5 --steps 30) && wanctl watch "$JOB"
)"},
      {Command::kGet, "get", "Show a job: state, progress, every value and where it came from", R"(Examples:
  wanctl get 01JD8W3Q7Z6T5M4N3P2R1S0V9X
  wanctl get 01JD8W3Q7Z6T5M4N3P2R1S0V9X -o json | jq -r .spec.seed
)"},
      {Command::kList, "list", "List jobs, newest first", R"(Examples:
  wanctl list
  wanctl list --state queued --state running
  wanctl list --limit 1000 -o json
)"},
      {Command::kWatch, "watch", "Follow a job to its end; returns what the job's end means",
       R"(With -o json each event is one line of JSON. An interrupt leaves the job running.

Examples:
  wanctl watch 01JD8W3Q7Z6T5M4N3P2R1S0V9X
  wanctl watch 01JD8W3Q7Z6T5M4N3P2R1S0V9X -o json
)"},
      {Command::kCancel, "cancel", "Ask for the end of a job; a running one ends at its next step", R"(Examples:
  wanctl cancel 01JD8W3Q7Z6T5M4N3P2R1S0V9X
)"},
      {Command::kDownload, "download", "Download the videos of a job; continues where an earlier download ended",
       R"(The bytes go to FILE.part until they are complete and checked.

Examples:
  wanctl download 01JD8W3Q7Z6T5M4N3P2R1S0V9X
  wanctl download 01JD8W3Q7Z6T5M4N3P2R1S0V9X --index 1 --output second.mp4
)"},
      {Command::kModels, "models", "List the models, their defaults and codecs", R"(Examples:
  wanctl models
  wanctl models -o json | jq '.models[].limits'
)"},
      {Command::kRings, "rings", "List the rings and what they do", R"(Examples:
  wanctl rings
  wanctl rings -o json --server 127.0.0.1:50051
)"},
      {Command::kVersion, "version", "Print the version of this program", R"(Examples:
  wanctl version
)"},
  };
  return kHelp;
}

}  // namespace wan

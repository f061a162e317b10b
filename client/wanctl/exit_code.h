#ifndef WAN_CLIENT_WANCTL_EXIT_CODE_H_
#define WAN_CLIENT_WANCTL_EXIT_CODE_H_

#include "absl/status/status.h"
#include "wan/v1/job.pb.h"

namespace wan {

// What the program returns; scripts rely on it.
enum ExitCode {
  kExitOk = 0,
  kExitFailure = 1,      // the job failed, a file could not be written, or any other error
  kExitUsage = 2,        // wrong flags, or a request that the server calls invalid
  kExitNotFound = 3,     // no such job, video or model
  kExitDenied = 4,       // not authenticated, or not allowed
  kExitBusy = 5,         // queue full, quota used up
  kExitTimeout = 6,      // of a call, or of the job
  kExitUnavailable = 7,  // no server
  kExitCancelled = 8,    // the job was cancelled
  kExitInterrupted = 130,
};

ExitCode ExitCodeOf(const absl::Status& status);

// Of a job in its final state.
ExitCode ExitCodeOf(const v1::Job& job);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_EXIT_CODE_H_

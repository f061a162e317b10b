#ifndef WAN_WORKER_LAUNCH_SUPERVISOR_H_
#define WAN_WORKER_LAUNCH_SUPERVISOR_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "worker/launch/rank_process.h"

namespace wan {

// Keeps this node's rank alive. It restarts a rank that exits or falls silent, after a pause that doubles up to a
// limit and starts again small once a rank has done a denoising step. It stays down, and exits, when a rank has
// drained (0) or found its configuration bad (78). Never touches libtorch.
class Supervisor {
 public:
  struct Options {
    RankProcess::Command rank;
    absl::Duration backoff_min = absl::Seconds(1);
    absl::Duration backoff_max = absl::Seconds(30);
    absl::Duration silence_timeout = absl::Seconds(10);  // a rank that does not beat for so long is frozen
    absl::Duration start_timeout = absl::Seconds(120);   // the same before its first beat
    std::string termination_log;                         // gets the last error, see WriteTerminationLog()
  };

  // Blocks SIGTERM, SIGINT and SIGCHLD in this thread for good. Before other threads exist.
  explicit Supervisor(Options options);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Returns the exit code of the program: 0 drained; 78 with the rank's error as last line of the log; 1 when the rank
  // died while draining. SIGTERM and SIGINT drain: the rank finishes its job first; a second SIGINT kills it.
  // The main thread, since the rank dies with the thread that forks it.
  int Run();

 private:
  // Times are of the monotonic clock, since the machine's start: a clock that is set must not kill a rank.
  void StartRank();
  void WaitForEvent();
  void TakeSignals();
  void TakeNews();
  void KillIfSilent();
  // The program's exit code, if the rank's end decides it; else plans the restart.
  std::optional<int> HandleEnd(const ProcessEnd& end);
  void PlanRestart();
  int GiveUp(int exit_code, const std::string& error) const;

  const Options options_;
  const int signal_fd_;
  std::unique_ptr<RankProcess> rank_;  // null between a rank's end and the next start
  absl::Duration last_news_;           // of rank_
  bool has_beaten_ = false;            // rank_ has
  bool is_draining_ = false;
  absl::Duration backoff_;  // before the next restart
  absl::Duration next_start_;
};

// Leaves `error` where a container's runtime looks for it. A path below /dev is written only if it exists; empty: none.
void WriteTerminationLog(const std::string& path, const std::string& error);

// The folder that holds the running program.
std::string ProgramFolder();

}  // namespace wan

#endif  // WAN_WORKER_LAUNCH_SUPERVISOR_H_

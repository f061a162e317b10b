// The numerical core and the media library behind the interfaces of worker/ring, for rank_main: this header shows
// nothing of libtorch.
#ifndef WAN_WORKER_RANK_COMPUTE_H_
#define WAN_WORKER_RANK_COMPUTE_H_

#include "worker/config/worker_config.h"
#include "worker/ring/rank_loop.h"

namespace wan {

// What a RankLoop needs to run `config`'s model. `config` is copied; step_passed stays empty.
RankLoop::Options MakeRankCompute(const WorkerConfig& config);

}  // namespace wan

#endif  // WAN_WORKER_RANK_COMPUTE_H_

// All rings of the server.
#ifndef WAN_SERVER_RING_DISPATCHER_H_
#define WAN_SERVER_RING_DISPATCHER_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/ring/ring_runner.h"

namespace wan {

// Any thread. Destroyed without Drain(), it leaves running jobs as a crash would.
class Dispatcher {
 public:
  // Watches the rings from here on. `on_ready_change` is called from any thread, one call at a time, with whether at
  // least one ring is ready; it must not call the dispatcher.
  Dispatcher(const std::vector<RingConfig>& rings, RunContext context, RingRunner::Options options,
             std::function<void(bool any_ready)> on_ready_change);

  // Rings run jobs from here on.
  void StartClaiming();

  // Ends a running job whose cancel_requested is in the table; nothing where it does not run here.
  void Cancel(const std::string& job_id);

  std::vector<v1::Ring> ListRings() const;  // as configured

  struct ModelRings {
    int ready = 0;
    bool any_up = false;           // one reports its codecs, ready or not
    std::set<std::string> codecs;  // of those that are up
  };
  ModelRings RingsOf(const std::string& model) const;

  void StopClaiming();
  // Gives running jobs `timeout`, then puts the rest back into the queue. Blocks. After StopClaiming().
  void Drain(absl::Duration timeout);

 private:
  void OnChange(const RingRunner& ring);

  ServerMetrics& metrics_;
  const std::function<void(bool)> on_ready_change_;
  absl::Mutex mutex_;
  std::map<std::string, bool> ready_ ABSL_GUARDED_BY(mutex_);  // by ring name
  std::vector<std::unique_ptr<RingRunner>> runners_;           // last: they call OnChange() while they live
};

}  // namespace wan

#endif  // WAN_SERVER_RING_DISPATCHER_H_

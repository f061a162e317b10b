#ifndef WAN_SERVER_STORE_MONITOR_H_
#define WAN_SERVER_STORE_MONITOR_H_

#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/job/job_store.h"
#include "server/metrics/server_metrics.h"

namespace wan {

// Writes a few bytes to `path`, makes them durable and removes the file. INTERNAL / STORAGE with path and cause.
absl::Status ProbeWriting(const std::string& path);

// A thread that looks, again and again, whether the job table can be read and its folder be written to, and refreshes
// the metrics of the queue.
class StoreMonitor {
 public:
  // `on_check` is called from the thread after each look.
  StoreMonitor(JobStore& store, ServerMetrics& metrics, std::string probe_path, absl::Duration interval,
               std::function<void(bool can_store)> on_check);
  ~StoreMonitor();

  // Looks at once. Any thread.
  void CheckNow();

 private:
  void Loop();
  absl::Status Check();

  JobStore& store_;
  ServerMetrics& metrics_;
  const std::string probe_path_;
  const absl::Duration interval_;
  const std::function<void(bool)> on_check_;
  absl::Mutex mutex_;
  bool is_due_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace wan

#endif  // WAN_SERVER_STORE_MONITOR_H_

#ifndef WAN_SERVER_API_CALL_TIMER_H_
#define WAN_SERVER_API_CALL_TIMER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/metrics/server_metrics.h"

namespace wan {

// Counts one call of `method` ("wan.v1.VideoGeneration/GetJob") when it ends.
class CallTimer {
 public:
  CallTimer(ServerMetrics& metrics, std::string method)
      : metrics_(metrics), method_(std::move(method)), begin_(absl::Now()) {}

  void End(const absl::Status& status) { metrics_.CallEnded(method_, status.code(), absl::Now() - begin_); }

 private:
  ServerMetrics& metrics_;
  const std::string method_;
  const absl::Time begin_;
};

}  // namespace wan

#endif  // WAN_SERVER_API_CALL_TIMER_H_

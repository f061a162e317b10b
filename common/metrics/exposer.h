// A Prometheus registry with its HTTP endpoint: /metrics, /healthz (the process lives), /readyz (it can serve).
#ifndef WAN_COMMON_METRICS_EXPOSER_H_
#define WAN_COMMON_METRICS_EXPOSER_H_

#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace wan {

// Metrics are made through `registry()` by whoever counts them. Any thread.
class MetricsExposer {
 public:
  // `address` is host:port, port 0 for any free one. `ready` is called from HTTP threads and must not block.
  // Error: INVALID_ARGUMENT for another form, UNAVAILABLE with the address when it cannot be bound (Debian's civetweb
  // has no IPv6).
  static absl::StatusOr<std::unique_ptr<MetricsExposer>> Start(const std::string& address, std::function<bool()> ready);
  ~MetricsExposer();

  prometheus::Registry& registry();
  int port() const;

 private:
  class Impl;
  explicit MetricsExposer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wan

#endif  // WAN_COMMON_METRICS_EXPOSER_H_

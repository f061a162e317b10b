// The whole server in one object: parts in the order of construction, the drain in reverse.
#ifndef WAN_SERVER_SERVER_APP_H_
#define WAN_SERVER_SERVER_APP_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/api/watch_job_reactor.h"
#include "server/config/server_config.h"
#include "server/ring/ring_client.h"

namespace wan {

class ServerApp {
 public:
  // What the configuration does not say; tests shorten some.
  struct Options {
    bool insecure = false;  // allows a listener that others can reach
    RingClientOptions ring_client;
    absl::Duration retry_delay = absl::Seconds(1);  // when the job table cannot be read or written
    absl::Duration watch_step_interval = absl::Milliseconds(200);
    absl::Duration monitor_interval = absl::Seconds(5);
  };

  // Serves when it returns. Jobs that a killed server left running are in the queue again. Error: INVALID_ARGUMENT for
  // the configuration or the catalogue, UNAVAILABLE with the address when it cannot be bound, those of the stores.
  static absl::StatusOr<std::unique_ptr<ServerApp>> Start(const ServerConfig& config, Options options);

  // Without Drain() as a crash: streams end, running jobs stay RUNNING in the table for the next start.
  ~ServerApp();

  // Health NOT_SERVING, submissions refused, no more claims; running jobs get drain_timeout, the rest goes back to the
  // queue; then streams end and the listener closes. Blocks; once.
  void Drain();

  // Where it listens, with the port that was bound.
  std::string address() const;
  int port() const;
  int metrics_port() const;  // 0: no endpoint

 private:
  class Impl;
  explicit ServerApp(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace wan

#endif  // WAN_SERVER_SERVER_APP_H_

#ifndef WAN_WORKER_SERVICE_RING_SERVER_H_
#define WAN_WORKER_SERVICE_RING_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/generation/model_catalog.h"
#include "worker/ring/job_run.h"
#include "worker/ring/ring_status.h"
#include "worker/service/scratch_dir.h"

namespace wan {

// The leader's gRPC endpoint: RingWorker and health. Its header is free of protobuf, which must not meet libtorch's
// headers in one file.
class RingServer {
 public:
  // Listens at `address`, port 0: any free one. Everything else is borrowed. Error: UNAVAILABLE with the address.
  static absl::StatusOr<std::unique_ptr<RingServer>> Start(const std::string& address, const ModelCatalog& catalog,
                                                           const ScratchDir& scratch, RingStatus& status,
                                                           JobMailbox& mailbox);
  ~RingServer();

  int port() const;

  // Sends what is pending, ends watchers, and after `grace` cancels the calls that are left. Blocks; idempotent.
  void Shutdown(absl::Duration grace);

 private:
  class Impl;
  explicit RingServer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace wan

#endif  // WAN_WORKER_SERVICE_RING_SERVER_H_

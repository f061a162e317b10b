#ifndef WAN_WORKER_SERVICE_RING_SERVICE_H_
#define WAN_WORKER_SERVICE_RING_SERVICE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/generation/model_catalog.h"
#include "wan/worker/v1/ring_worker.grpc.pb.h"
#include "worker/ring/job_run.h"
#include "worker/ring/ring_status.h"
#include "worker/service/scratch_dir.h"

namespace wan {

// RingWorker on the leader. Handlers are blocking threads of the gRPC server: one runs the job's call from admission
// to the last byte of its videos, the others feed watchers.
class RingService final : public worker::v1::RingWorker::Service {
 public:
  struct Context {  // all borrowed
    const ModelCatalog& catalog;
    const ScratchDir& scratch;
    RingStatus& status;
    JobMailbox& mailbox;
  };
  struct Intervals {
    absl::Duration heartbeat = absl::Seconds(5);           // of Watch
    absl::Duration cancel_poll = absl::Milliseconds(100);  // how soon a cancelled call is noticed
  };
  RingService(Context context, Intervals intervals);

  grpc::Status Execute(grpc::ServerContext* call, const worker::v1::ExecuteRequest* request,
                       grpc::ServerWriter<worker::v1::ExecuteEvent>* writer) override;
  grpc::Status Watch(grpc::ServerContext* call, const worker::v1::WatchRequest* request,
                     grpc::ServerWriter<worker::v1::RingStatus>* writer) override;

 private:
  using EventWriter = grpc::ServerWriter<worker::v1::ExecuteEvent>;

  // The request's spec, checked again: this ring's model, the catalog's limits, codecs that work here.
  absl::StatusOr<GenerationSpec> CheckedSpec(const worker::v1::ExecuteRequest& request) const;
  absl::Status RunJob(grpc::ServerContext& call, const worker::v1::ExecuteRequest& request, EventWriter& writer);
  absl::StatusOr<JobResult> Follow(grpc::ServerContext& call, JobRun& job, EventWriter& writer);

  const Context context_;
  const Intervals intervals_;
  const absl::Time start_;
};

}  // namespace wan

#endif  // WAN_WORKER_SERVICE_RING_SERVICE_H_

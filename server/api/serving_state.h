// What grpc.health.v1 and /readyz say.
//   ""                       SERVING until the drain begins
//   wan.v1.VideoGeneration   SERVING while jobs can be stored; rings are not needed for that
//   wan.v1.Rings             SERVING while at least one ring is ready
#ifndef WAN_SERVER_API_SERVING_STATE_H_
#define WAN_SERVER_API_SERVING_STATE_H_

#include <grpcpp/health_check_service_interface.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace wan {

// Any thread.
class ServingState {
 public:
  // `health` is borrowed until Detach().
  void Attach(grpc::HealthCheckServiceInterface* health);
  void Detach();

  void SetRingsReady(bool ready);
  void SetCanStore(bool can_store);
  // Everything is NOT_SERVING from here on.
  void BeginDrain();

  bool can_take_jobs() const;

 private:
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  grpc::HealthCheckServiceInterface* health_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool rings_ready_ ABSL_GUARDED_BY(mutex_) = false;
  bool can_store_ ABSL_GUARDED_BY(mutex_) = true;
  bool is_draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace wan

#endif  // WAN_SERVER_API_SERVING_STATE_H_

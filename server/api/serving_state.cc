#include "server/api/serving_state.h"

namespace wan {

void ServingState::Attach(grpc::HealthCheckServiceInterface* health) {
  absl::MutexLock lock(&mutex_);
  health_ = health;
  Publish();
}

void ServingState::Detach() {
  absl::MutexLock lock(&mutex_);
  health_ = nullptr;
}

void ServingState::SetRingsReady(bool ready) {
  absl::MutexLock lock(&mutex_);
  rings_ready_ = ready;
  Publish();
}

void ServingState::SetCanStore(bool can_store) {
  absl::MutexLock lock(&mutex_);
  can_store_ = can_store;
  Publish();
}

void ServingState::BeginDrain() {
  absl::MutexLock lock(&mutex_);
  is_draining_ = true;
  Publish();
}

bool ServingState::can_take_jobs() const {
  absl::MutexLock lock(&mutex_);
  return health_ != nullptr && can_store_ && !is_draining_;
}

void ServingState::Publish() {
  if (health_ == nullptr) return;
  // One by one: the form without a name would set all names to one value.
  health_->SetServingStatus("", !is_draining_);
  health_->SetServingStatus("wan.v1.VideoGeneration", can_store_ && !is_draining_);
  health_->SetServingStatus("wan.v1.Rings", rings_ready_ && !is_draining_);
}

}  // namespace wan

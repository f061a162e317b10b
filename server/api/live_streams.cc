#include "server/api/live_streams.h"

#include <utility>

namespace wan {

int64_t LiveStreams::Add(EndFunction end) {
  absl::MutexLock lock(&mutex_);
  if (!end_.ok()) end(end_);
  streams_.emplace(next_id_, std::move(end));
  return next_id_++;
}

void LiveStreams::Remove(int64_t id) {
  absl::MutexLock lock(&mutex_);
  streams_.erase(id);
}

void LiveStreams::EndAll(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  end_ = status;
  for (const auto& [id, end] : streams_) end(status);
}

bool LiveStreams::AwaitNone(absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  const auto is_empty = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return streams_.empty(); };
  return mutex_.AwaitWithTimeout(absl::Condition(&is_empty), timeout);
}

}  // namespace wan

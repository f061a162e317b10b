#ifndef WAN_COMMON_CHANNEL_H_
#define WAN_COMMON_CHANNEL_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/log.h"

namespace wan {

// A first-in first-out queue between threads that holds at most `capacity` values, so that a slow consumer slows its
// producers. Any thread; any number of producers and consumers. After Close() nothing enters; what is inside can
// still be taken.
template <typename T>
class Channel {
 public:
  explicit Channel(size_t capacity) : capacity_(capacity) { WAN_CHECK(capacity > 0); }

  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Blocks while full. False when the channel is, or becomes, closed; the value is dropped then.
  [[nodiscard]] bool Push(T value) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_, absl::Condition(this, &Channel::HasRoomOrIsClosed));
    if (closed_) return false;
    values_.push_back(std::move(value));
    return true;
  }

  // False when full or closed. Never blocks.
  [[nodiscard]] bool TryPush(T value) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    if (closed_ || values_.size() >= capacity_) return false;
    values_.push_back(std::move(value));
    return true;
  }

  // Blocks while empty. nullopt when closed and empty.
  std::optional<T> Pop() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_, absl::Condition(this, &Channel::HasValueOrIsClosed));
    return TakeFirst();
  }

  // As Pop(), but nullopt also when nothing came within `timeout`; drained() tells the two apart.
  std::optional<T> PopFor(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(this, &Channel::HasValueOrIsClosed), timeout);
    return TakeFirst();
  }

  // Wakes every waiting thread. Idempotent.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    closed_ = true;
  }

  // Closed and empty: no value will ever come.
  bool drained() const ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    return closed_ && values_.empty();
  }

 private:
  bool HasRoomOrIsClosed() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return closed_ || values_.size() < capacity_; }
  bool HasValueOrIsClosed() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return closed_ || !values_.empty(); }

  std::optional<T> TakeFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (values_.empty()) return std::nullopt;
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    return value;
  }

  const size_t capacity_;
  mutable absl::Mutex mutex_;
  std::deque<T> values_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace wan

#endif  // WAN_COMMON_CHANNEL_H_

#ifndef WAN_SERVER_API_LIVE_STREAMS_H_
#define WAN_SERVER_API_LIVE_STREAMS_H_

#include <functional>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace wan {

// The streams that are open, so that a server that stops can end them with a reason and wait until they are gone.
// Any thread.
class LiveStreams {
 public:
  using EndFunction = std::function<void(const absl::Status&)>;

  // `end` is called at most once, with a lock of this class held, until Remove(); at once when EndAll() was called.
  int64_t Add(EndFunction end);
  void Remove(int64_t id);

  // Ends all, and those that are added later.
  void EndAll(const absl::Status& status);
  // True when no stream is left, false after `timeout`.
  bool AwaitNone(absl::Duration timeout) const;

 private:
  mutable absl::Mutex mutex_;
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);  // OK while streams may live
  std::map<int64_t, EndFunction> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace wan

#endif  // WAN_SERVER_API_LIVE_STREAMS_H_

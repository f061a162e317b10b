#ifndef WAN_SERVER_API_WATCH_JOB_REACTOR_H_
#define WAN_SERVER_API_WATCH_JOB_REACTOR_H_

#include <grpcpp/alarm.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/api/call_timer.h"
#include "server/api/live_streams.h"
#include "server/job/job_events.h"
#include "server/job/job_store.h"
#include "wan/v1/video_generation.pb.h"

namespace wan {

struct WatchOptions {
  absl::Duration heartbeat = absl::Seconds(15);            // after this long without an event
  absl::Duration step_interval = absl::Milliseconds(200);  // at least, between events without a change of state
};

// One WatchJob stream: a snapshot, then the newest event each time the one before is sent, until the final state. What
// changes the job is sent at once; steps and queue positions wait for `step_interval`.
class WatchJobReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  struct Context {  // all borrowed
    JobStore& store;
    JobEvents& events;
    LiveStreams& streams;
  };

  // The reactor owns itself until the call is done.
  static WatchJobReactor* Start(Context context, WatchOptions options, CallTimer timer,
                                const grpc::ByteBuffer& request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  WatchJobReactor(Context context, WatchOptions options, CallTimer timer);
  absl::Status Open(const grpc::ByteBuffer& request);
  void End(const absl::Status& status);
  void ScheduleNow();
  void Schedule(absl::Time due) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Pump();
  void Send(const JobSnapshot& snapshot, bool is_heartbeat) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishNow(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Context context_;
  const WatchOptions options_;
  std::shared_ptr<WatchJobReactor> self_;  // let go of in OnDone(); alarms that are late find it gone
  std::unique_ptr<JobEvents::Subscription> subscription_;
  int64_t stream_id_ = 0;

  absl::Mutex mutex_;
  CallTimer timer_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Alarm> alarm_ ABSL_GUARDED_BY(mutex_);
  absl::Time due_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();  // when alarm_ calls Pump()
  std::optional<JobSnapshot> waiting_ ABSL_GUARDED_BY(mutex_);       // newest that was not sent
  std::optional<JobSnapshot> sent_ ABSL_GUARDED_BY(mutex_);
  absl::Time sent_time_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  grpc::ByteBuffer buffer_ ABSL_GUARDED_BY(mutex_);  // of the write in flight
  bool is_open_ ABSL_GUARDED_BY(mutex_) = false;     // subscription_ is there
  bool is_writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);  // set when the stream is to end
  bool is_finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace wan

#endif  // WAN_SERVER_API_WATCH_JOB_REACTOR_H_

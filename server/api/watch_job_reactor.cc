#include "server/api/watch_job_reactor.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/log.h"
#include "common/rpc/grpc_status.h"
#include "common/status_macros.h"
#include "server/api/job_proto.h"
#include "server/api/request_parser.h"

namespace wan {

WatchJobReactor::WatchJobReactor(Context context, WatchOptions options, CallTimer timer)
    : context_(context), options_(options), timer_(std::move(timer)) {}

WatchJobReactor* WatchJobReactor::Start(Context context, WatchOptions options, CallTimer timer,
                                        const grpc::ByteBuffer& request) {
  const std::shared_ptr<WatchJobReactor> reactor(new WatchJobReactor(context, options, std::move(timer)));
  reactor->self_ = reactor;
  reactor->stream_id_ = context.streams.Add([raw = reactor.get()](const absl::Status& status) { raw->End(status); });
  if (const absl::Status status = reactor->Open(request); !status.ok()) {
    reactor->End(status);
  }
  return reactor.get();
}

absl::Status WatchJobReactor::Open(const grpc::ByteBuffer& bytes) {
  v1::WatchJobRequest request;
  WAN_RETURN_IF_ERROR(ParseRequest(bytes, request));
  WAN_RETURN_IF_ERROR(context_.store.Get(request.job_id()).status());  // before there is an entry for it
  subscription_ = context_.events.Subscribe(request.job_id(), [this] { ScheduleNow(); });
  WAN_ASSIGN_OR_RETURN(const Job job, context_.store.Get(request.job_id()));
  context_.events.Publish(job);
  absl::MutexLock lock(&mutex_);
  is_open_ = true;
  Schedule(absl::Now());  // what was published until here woke nobody
  return absl::OkStatus();
}

// Called by whoever publishes, so it only hands over to a thread of gRPC.
void WatchJobReactor::ScheduleNow() {
  absl::MutexLock lock(&mutex_);
  if (is_open_ && !is_writing_) Schedule(absl::Now());
}

void WatchJobReactor::Schedule(absl::Time due) {
  if (is_finished_ || due >= due_) return;
  due_ = due;
  alarm_ = std::make_unique<grpc::Alarm>();  // one that waits is cancelled
  alarm_->Set(absl::ToChronoTime(due), [weak = std::weak_ptr<WatchJobReactor>(self_)](bool has_expired) {
    if (!has_expired) return;
    if (const auto self = weak.lock()) self->Pump();
  });
}

void WatchJobReactor::Pump() {
  absl::MutexLock lock(&mutex_);
  due_ = absl::InfiniteFuture();
  if (is_writing_ || is_finished_) return;
  if (std::optional<JobSnapshot> newest = subscription_->Take()) waiting_ = std::move(newest);
  if (end_.has_value() && !waiting_.has_value()) return FinishNow(*end_);
  const absl::Time now = absl::Now();
  if (waiting_.has_value()) {
    const bool is_urgent = !sent_.has_value() || waiting_->job.sequence != sent_->job.sequence || end_.has_value();
    const absl::Time due = is_urgent ? now : sent_time_ + options_.step_interval;
    if (due > now) return Schedule(due);
    sent_ = *std::exchange(waiting_, std::nullopt);
    return Send(*sent_, /*is_heartbeat=*/false);
  }
  if (!sent_.has_value()) return;
  const absl::Time due = sent_time_ + options_.heartbeat;
  if (due > now) return Schedule(due);
  Send(*sent_, /*is_heartbeat=*/true);
}

void WatchJobReactor::Send(const JobSnapshot& snapshot, bool is_heartbeat) {
  int64_t queue_position = 0;
  if (snapshot.job.state == JobState::kQueued) {
    const absl::StatusOr<int64_t> position = context_.store.QueuePosition(snapshot.job.id);
    if (!position.ok()) return FinishNow(position.status());
    queue_position = *position;
  }
  v1::JobEvent event;
  event.set_sequence(snapshot.sequence);
  event.set_heartbeat(is_heartbeat);
  *event.mutable_job() = JobToProto(snapshot.job, queue_position, snapshot.progress);
  if (IsFinal(snapshot.job.state)) end_ = absl::OkStatus();
  sent_time_ = absl::Now();
  is_writing_ = true;
  buffer_ = SerializeReply(event);
  StartWrite(&buffer_);
}

void WatchJobReactor::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  is_writing_ = false;
  if (!ok) return FinishNow(absl::CancelledError("the watcher left"));
  Schedule(absl::Now());
}

// What was published until now is still sent.
void WatchJobReactor::End(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (!end_.has_value()) end_ = status;
  if (!is_open_) return FinishNow(*end_);
  if (!is_writing_) Schedule(absl::Now());
}

void WatchJobReactor::OnCancel() {
  absl::MutexLock lock(&mutex_);
  if (!is_writing_) FinishNow(absl::CancelledError("the watcher left"));  // a write in flight will fail
}

void WatchJobReactor::FinishNow(const absl::Status& status) {
  if (std::exchange(is_finished_, true)) return;
  alarm_.reset();
  timer_.End(status);
  Finish(ToGrpcStatus(status));
}

void WatchJobReactor::OnDone() {
  subscription_.reset();  // waits for a wake that runs; from here only a late alarm can come
  context_.streams.Remove(stream_id_);
  self_.reset();
}

}  // namespace wan

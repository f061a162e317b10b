#include "server/ring/ring_runner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/error.h"
#include "common/log.h"

namespace wan {
namespace {

// Bounds only: every change wakes these waits.
constexpr absl::Duration kClaimTimeout = absl::Seconds(30);
constexpr absl::Duration kChangeTimeout = absl::Seconds(30);

}  // namespace

RingRunner::RingRunner(RingConfig config, RunContext context, Options options,
                       std::function<void(const RingRunner&)> on_change)
    : config_(std::move(config)),
      context_(context),
      options_(std::move(options)),
      on_change_(std::move(on_change)),
      client_(config_.name, config_.address, options_.client, [this] {
        context_.queue.Wake();
        on_change_(*this);
      }) {
  thread_ = std::thread([this] { Loop(); });
}

RingRunner::~RingRunner() {
  {
    absl::MutexLock lock(&mutex_);
    is_stopped_ = true;
  }
  StopClaiming();
  Stop(nullptr, StopReason::kAbandon);
  thread_.join();
}

// The ring's model if it is the configured one, else empty.
std::string RingRunner::Model(const RingClient::Snapshot& snapshot) const {
  const std::string& model = snapshot.status.model();
  return config_.model.empty() || config_.model == model ? model : "";
}

bool RingRunner::IsReady() const {
  const RingClient::Snapshot snapshot = client_.snapshot();
  const v1::RingState state = snapshot.status.state();
  return (state == v1::RING_STATE_READY || state == v1::RING_STATE_BUSY) && !Model(snapshot).empty();
}

bool RingRunner::Serves(const std::string& model) const {
  const RingClient::Snapshot snapshot = client_.snapshot();
  return Model(snapshot) == model && snapshot.status.state() != v1::RING_STATE_DRAINING;
}

v1::Ring RingRunner::View() const {
  const RingClient::Snapshot snapshot = client_.snapshot();
  const worker::v1::RingStatus& status = snapshot.status;
  v1::Ring ring;
  ring.set_name(config_.name);
  ring.set_address(config_.address);
  ring.set_state(status.state());
  ring.set_model(status.model());
  ring.set_world_size(status.world_size());
  ring.set_generation(status.generation());
  ring.set_version(status.version());
  ring.set_dtype(status.dtype());
  ring.set_device(status.device());
  *ring.mutable_codecs() = status.codecs();
  ring.set_job_id(status.job_id());
  if (status.has_uptime()) *ring.mutable_uptime() = status.uptime();
  ring.set_detail(snapshot.detail);
  if (!status.model().empty() && Model(snapshot).empty()) {
    ring.set_detail(absl::StrCat("gets no jobs: it serves ", status.model(), ", configured is ", config_.model));
  }
  return ring;
}

void RingRunner::StartClaiming() {
  {
    absl::MutexLock lock(&mutex_);
    is_claiming_ = true;
  }
  client_.Interrupt();
}

void RingRunner::StopClaiming() {
  {
    absl::MutexLock lock(&mutex_);
    is_claiming_ = false;
  }
  client_.Interrupt();
  context_.queue.Wake();
}

bool RingRunner::WaitIdle(absl::Time deadline) const {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithDeadline(absl::Condition(&is_idle_), deadline);
}

void RingRunner::RequeueRunning() {
  {
    absl::MutexLock lock(&mutex_);
    is_requeueing_ = true;
  }
  Stop(nullptr, StopReason::kDrain);
}

void RingRunner::Cancel(const std::string& job_id) { Stop(&job_id, StopReason::kCancel); }

void RingRunner::Stop(const std::string* job_id, StopReason reason) {
  std::stop_source stop(std::nostopstate);
  {
    absl::MutexLock lock(&mutex_);
    if (!current_.has_value() || (job_id != nullptr && current_->job_id != *job_id)) return;
    current_->reason = std::max(current_->reason, reason);
    stop = current_->stop;
  }
  stop.request_stop();  // calls into gRPC: without the lock
}

RingRunner::StopReason RingRunner::stop_reason() const {
  absl::MutexLock lock(&mutex_);
  return current_->reason;
}

// False when the thread is to end meanwhile.
bool RingRunner::Pause(absl::Duration duration) const {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&is_stopped_), duration);
}

bool RingRunner::MayClaim() const {
  {
    absl::MutexLock lock(&mutex_);
    if (!is_claiming_) return false;
  }
  const RingClient::Snapshot snapshot = client_.snapshot();
  return snapshot.status.state() == v1::RING_STATE_READY && !Model(snapshot).empty();
}

bool RingRunner::BeginTurn() {
  absl::MutexLock lock(&mutex_);
  is_idle_ = false;
  return !is_stopped_;
}

void RingRunner::EndTurn() {
  absl::MutexLock lock(&mutex_);
  is_idle_ = true;
}

void RingRunner::Loop() {
  while (BeginTurn()) {
    const uint64_t seen = client_.snapshot().version;
    const bool may_claim = MayClaim();
    if (may_claim) {
      if (const std::optional<Job> job = Claim()) RunJob(*job);
    }
    EndTurn();
    if (!may_claim) client_.WaitForChange(seen, kChangeTimeout);
  }
}

std::optional<Job> RingRunner::Claim() {
  const std::string model = Model(client_.snapshot());
  const ClaimFilter filter = {
      .models = {model}, .ring = config_.name, .owner = options_.lease.owner, .lease = options_.lease.duration};
  // A ring that came back with another model gets no job of the one before.
  const auto may_claim = [&] { return MayClaim() && Model(client_.snapshot()) == model; };
  absl::StatusOr<std::optional<Job>> job = context_.queue.Claim(filter, kClaimTimeout, may_claim);
  if (job.ok()) return *std::move(job);
  WAN_LOG(ERROR) << "ring " << config_.name << ": claim a job: " << job.status();
  Pause(options_.retry_delay);
  return std::nullopt;
}

void RingRunner::RunJob(const Job& job) {
  const uint64_t seen = client_.snapshot().version;
  std::stop_token stop;
  {
    absl::MutexLock lock(&mutex_);
    if (is_stopped_) return;
    current_.emplace();
    current_->job_id = job.id;
    stop = current_->stop.get_token();
    if (is_requeueing_) {
      current_->reason = StopReason::kDrain;
      current_->stop.request_stop();
    }
  }
  context_.events.Publish(job);
  context_.events.QueueMoved();
  context_.metrics.JobStarted(job);
  WAN_LOG(INFO) << "job " << job.id << " attempt " << job.attempt << ": starts on ring " << config_.name;

  JobAttempt attempt(job, context_, options_.lease);
  absl::Status end = CheckBeforeStart(job);
  if (end.ok()) {
    end = client_.Execute(attempt.Request(), stop,
                          [&](const worker::v1::ExecuteEvent& event) { return attempt.Accept(event); });
  }
  Settle(attempt, end);
  StopReason stopped = StopReason::kNone;
  {
    absl::MutexLock lock(&mutex_);
    stopped = current_->reason;
    current_.reset();
  }
  if (stopped != StopReason::kNone) return;  // the end of the call says nothing about the ring
  if (attempt.verdict() == RunVerdict::kLost) client_.MarkLost(end.message());
  const bool took_none = attempt.verdict() == RunVerdict::kNotTaken || attempt.verdict() == RunVerdict::kDrained;
  if (took_none) client_.WaitForChange(seen, options_.not_taken_delay);
}

absl::Status RingRunner::CheckBeforeStart(const Job& job) {
  // A cancellation that came after the claim and before `current_` knew the job has reached nobody.
  if (const absl::StatusOr<Job> now = context_.store.Get(job.id); now.ok() && now->cancel_requested) {
    Cancel(job.id);
    return MakeError(absl::StatusCode::kCancelled, kJobCancelled, "cancelled on request");
  }
  const worker::v1::RingStatus status = client_.snapshot().status;
  if (status.state() == v1::RING_STATE_UNREACHABLE) return absl::OkStatus();  // the call will say it
  const std::string codec(VideoCodecName(job.resolved.spec.codec));
  if (std::find(status.codecs().begin(), status.codecs().end(), codec) != status.codecs().end()) {
    return absl::OkStatus();
  }
  const std::string message = absl::StrCat(codec, " is not available on ring ", config_.name, "; it has ",
                                           status.codecs().empty() ? "no codec" : absl::StrJoin(status.codecs(), ", "));
  return WithDetails(absl::InvalidArgumentError(message),
                     {.reason = kCodecUnavailable, .metadata = {}, .violations = {{"spec.codec", message}}});
}

void RingRunner::Settle(JobAttempt& attempt, const absl::Status& end) {
  while (stop_reason() != StopReason::kAbandon) {
    const bool is_draining = stop_reason() == StopReason::kDrain;
    const absl::StatusOr<Job> settled = attempt.Settle(end, is_draining);
    if (settled.ok()) return;
    // With STORAGE the job stays RUNNING until the table can be written again, at the latest until the next start.
    WAN_LOG(ERROR) << "job " << attempt.job().id << ": settle it: " << settled.status();
    if (!HasReason(settled.status(), kStorage) || is_draining || !Pause(options_.retry_delay)) return;
  }
}

}  // namespace wan

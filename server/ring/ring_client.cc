#include "server/ring/ring_client.h"

#include <grpcpp/alarm.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/rpc/grpc_status.h"

namespace wan {
namespace {

// A leader refuses pings that come more often than every 10 s.
constexpr int kKeepaliveMilliseconds = 15'000;
constexpr int kKeepaliveTimeoutMilliseconds = 5'000;
constexpr char kNotReachedYet[] = "not reached yet";

std::unique_ptr<worker::v1::RingWorker::Stub> MakeStub(const std::string& address, const RingClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // a call that only receives is pinged for hours
  // The waiting is ours: a connection that gRPC holds back would only hide why.
  const int backoff = static_cast<int>(absl::ToInt64Milliseconds(options.min_backoff));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, backoff);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, std::max(backoff, 1000));
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return worker::v1::RingWorker::NewStub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

std::string SilenceMessage(absl::Duration silence) {
  return absl::StrCat("no sign of life for ", absl::FormatDuration(silence));
}

bool SameButUptime(worker::v1::RingStatus a, worker::v1::RingStatus b) {
  a.clear_uptime();
  b.clear_uptime();
  return a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

RingClient::RingClient(std::string name, const std::string& address, RingClientOptions options,
                       std::function<void()> on_change)
    : name_(std::move(name)), options_(options), on_change_(std::move(on_change)), stub_(MakeStub(address, options)) {
  {
    absl::MutexLock lock(&mutex_);
    snapshot_.status.set_state(v1::RING_STATE_UNREACHABLE);
    snapshot_.detail = kNotReachedYet;
  }
  thread_ = std::thread([this] { WatchLoop(); });
}

RingClient::~RingClient() {
  {
    absl::MutexLock lock(&mutex_);
    is_stopping_ = true;
    if (watch_ != nullptr) watch_->TryCancel();
  }
  thread_.join();
}

RingClient::Snapshot RingClient::snapshot() const {
  absl::MutexLock lock(&mutex_);
  return snapshot_;
}

void RingClient::WaitForChange(uint64_t seen, absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  const auto has_changed = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return snapshot_.version != seen; };
  mutex_.AwaitWithTimeout(absl::Condition(&has_changed), timeout);
}

void RingClient::Interrupt() {
  absl::MutexLock lock(&mutex_);
  ++snapshot_.version;
}

absl::Status RingClient::Execute(const worker::v1::ExecuteRequest& request, std::stop_token stop,
                                 absl::FunctionRef<absl::Status(const worker::v1::ExecuteEvent&)> on_event) {
  grpc::ClientContext context;
  {
    absl::MutexLock lock(&mutex_);
    execution_ = &context;
    execution_is_lost_ = false;
  }
  const auto reader = stub_->Execute(&context, request);
  absl::Status refused;
  {
    const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
    worker::v1::ExecuteEvent event;
    while (refused.ok() && reader->Read(&event)) refused = on_event(event);
    if (!refused.ok()) {
      context.TryCancel();
      while (reader->Read(&event)) {  // Finish() wants the stream read to its end
      }
    }
  }
  const absl::Status status = FromGrpcStatus(reader->Finish());
  absl::MutexLock lock(&mutex_);
  execution_ = nullptr;
  if (!refused.ok()) return refused;
  if (!status.ok() && execution_is_lost_ && !stop.stop_requested()) {
    return MakeError(absl::StatusCode::kUnavailable, kRingLost, SilenceMessage(options_.max_silence));
  }
  return status;
}

void RingClient::MarkLost(absl::string_view detail) {
  {
    absl::MutexLock lock(&mutex_);
    if (watch_ != nullptr) watch_->TryCancel();
    watch_ = nullptr;  // what it still delivers is old
    if (!SetUnreachable(detail)) return;
  }
  on_change_();
}

void RingClient::WatchLoop() {
  absl::Duration backoff = options_.min_backoff;
  while (true) {
    if (WatchOnce()) backoff = options_.min_backoff;
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(&is_stopping_), backoff)) return;
    backoff = std::min(2 * backoff, options_.max_backoff);
  }
}

bool RingClient::WatchOnce() {
  const auto context = std::make_shared<grpc::ClientContext>();
  {
    absl::MutexLock lock(&mutex_);
    if (is_stopping_) return false;
    watch_ = context;
  }
  // Opening the watch is limited as well: a host that drops packets would be "not reached yet" for minutes.
  absl::Time heard;
  std::unique_ptr<grpc::Alarm> silence;
  const auto arm = [&] {
    heard = absl::Now();
    silence = std::make_unique<grpc::Alarm>();  // the one before is cancelled
    silence->Set(absl::ToChronoTime(heard + options_.max_silence), [context](bool has_expired) {
      if (has_expired) context->TryCancel();
    });
  };
  arm();
  const auto reader = stub_->Watch(context.get(), worker::v1::WatchRequest());
  worker::v1::RingStatus status;
  bool has_answered = false;
  while (reader->Read(&status)) {
    has_answered = true;
    arm();
    Update(context, status);
  }
  const bool was_silent = absl::Now() - heard >= options_.max_silence;
  EndWatch(context, FromGrpcStatus(reader->Finish()), was_silent);
  return has_answered;
}

void RingClient::EndWatch(const std::shared_ptr<grpc::ClientContext>& watch, const absl::Status& end, bool was_silent) {
  {
    absl::MutexLock lock(&mutex_);
    if (watch_ != watch) return;  // MarkLost() has said why
    watch_ = nullptr;
    if (is_stopping_) return;
    if (was_silent && execution_ != nullptr) {  // a leader that is frozen or cut off does not end the job's call either
      execution_is_lost_ = true;
      execution_->TryCancel();
    }
    const std::string detail = was_silent ? SilenceMessage(options_.max_silence)
                               : end.ok() ? "the ring ended the watch"
                                          : std::string(end.message());
    if (!SetUnreachable(detail)) return;
  }
  on_change_();
}

void RingClient::Update(const std::shared_ptr<grpc::ClientContext>& watch, const worker::v1::RingStatus& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (watch_ != watch || is_stopping_) return;
    const bool is_same = SameButUptime(snapshot_.status, status);
    snapshot_.status = status;
    snapshot_.detail.clear();
    if (is_same) return;
    ++snapshot_.version;
  }
  WAN_LOG(INFO) << "ring " << name_ << ": " << v1::RingState_Name(status.state()) << ", model " << status.model()
                << ", generation " << status.generation();
  on_change_();
}

bool RingClient::SetUnreachable(absl::string_view detail) {
  if (snapshot_.status.state() == v1::RING_STATE_UNREACHABLE && snapshot_.detail == detail) return false;
  if (snapshot_.status.state() != v1::RING_STATE_UNREACHABLE || snapshot_.detail == kNotReachedYet) {
    WAN_LOG(WARNING) << "ring " << name_ << " cannot be reached: " << detail;
  }
  snapshot_.status.Clear();
  snapshot_.status.set_state(v1::RING_STATE_UNREACHABLE);
  snapshot_.detail = std::string(detail);
  ++snapshot_.version;
  return true;
}

}  // namespace wan

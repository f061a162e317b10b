#include "tests/testing/fake_ring.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/log.h"
#include "common/rpc/grpc_status.h"
#include "common/sha256.h"

namespace wan {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(10);  // of cancellation, which the sync API can only be asked for
constexpr absl::Duration kHeartbeat = absl::Milliseconds(50);
constexpr absl::Duration kAwait = absl::Seconds(20);

}  // namespace

FakeRing::FakeRing(std::string model, std::vector<std::string> codecs)
    : model_(std::move(model)), codecs_(std::move(codecs)) {
  Start();
}

FakeRing::~FakeRing() { Kill(); }

std::string FakeRing::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeRing::Start() {
  {
    absl::MutexLock lock(&mutex_);
    is_killed_ = false;
    job_id_.clear();
    ++generation_;
  }
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address(), grpc::InsecureServerCredentials(), &port_);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  WAN_CHECK(server_ != nullptr && port_ != 0);
}

void FakeRing::Kill() {
  if (server_ == nullptr) return;
  {
    absl::MutexLock lock(&mutex_);
    is_killed_ = true;
  }
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
}

void FakeRing::Script(FakeRun run) {
  absl::MutexLock lock(&mutex_);
  script_.push_back(std::move(run));
}

void FakeRing::SetState(v1::RingState state) {
  absl::MutexLock lock(&mutex_);
  state_ = state;
}

void FakeRing::FallSilent() {
  absl::MutexLock lock(&mutex_);
  is_silent_ = true;
}

void FakeRing::Release() {
  absl::MutexLock lock(&mutex_);
  is_released_ = true;
}

bool FakeRing::Await(const int& counter, int count) const {
  absl::MutexLock lock(&mutex_);
  const auto is_reached = [&] { return counter >= count; };
  return mutex_.AwaitWithTimeout(absl::Condition(&is_reached), kAwait);
}

bool FakeRing::AwaitBegun(int count) const { return Await(begun_, count); }
bool FakeRing::AwaitWaiting(int count) const { return Await(waiting_, count); }
bool FakeRing::AwaitCancelled(int count) const { return Await(cancelled_, count); }

std::vector<worker::v1::ExecuteRequest> FakeRing::requests() const {
  absl::MutexLock lock(&mutex_);
  return requests_;
}

FakeRun FakeRing::NextRun(const worker::v1::ExecuteRequest& request) {
  absl::MutexLock lock(&mutex_);
  requests_.push_back(request);
  ++begun_;
  FakeRun run;
  if (!script_.empty()) {
    run = script_.front();
    script_.pop_front();
  }
  if (run.refusal.ok()) job_id_ = request.job_id();
  return run;
}

// False when the call was cancelled.
bool FakeRing::Wait(grpc::ServerContext& call) {
  absl::MutexLock lock(&mutex_);
  ++waiting_;
  while (!is_released_ && !is_killed_ && !call.IsCancelled()) {
    mutex_.AwaitWithTimeout(absl::Condition(&is_released_), kPoll);
  }
  if (is_released_) return true;
  ++cancelled_;
  return false;
}

void FakeRing::SendVideos(const FakeRun& run, const v1::GenerationSpec& spec,
                          grpc::ServerWriter<worker::v1::ExecuteEvent>& writer) {
  worker::v1::ExecuteEvent completed;
  for (size_t i = 0; i < run.videos.size(); ++i) {
    const std::string& bytes = run.videos[i];
    for (size_t offset = run.skips_a_chunk ? run.chunk_bytes : 0; offset < bytes.size(); offset += run.chunk_bytes) {
      worker::v1::ExecuteEvent event;
      event.mutable_chunk()->set_video_index(static_cast<int>(i));
      event.mutable_chunk()->set_offset(static_cast<int64_t>(offset));
      event.mutable_chunk()->set_data(bytes.substr(offset, run.chunk_bytes));
      writer.Write(event);
    }
    v1::Video& video = *completed.mutable_completed()->add_videos();
    video.set_index(static_cast<int>(i));
    video.set_seed(spec.seed() + static_cast<int64_t>(i));
    video.set_codec(spec.codec());
    video.set_container(spec.codec() == "h264" ? "mp4" : "mkv");
    video.set_size_bytes(static_cast<int64_t>(bytes.size()) + (run.gives_wrong_size ? 1 : 0));
    video.set_sha256(Sha256Hex(run.gives_wrong_sha256 ? bytes + "x" : bytes));
    video.set_num_frames(spec.num_frames());
  }
  worker::v1::PhaseDuration& phase = *completed.mutable_completed()->add_durations();
  phase.set_phase(v1::PHASE_DENOISING);
  phase.mutable_duration()->set_seconds(3);
  if (!run.leaves_out_completed) writer.Write(completed);
}

grpc::Status FakeRing::Execute(grpc::ServerContext* call, const worker::v1::ExecuteRequest* request,
                               grpc::ServerWriter<worker::v1::ExecuteEvent>* writer) {
  const FakeRun run = NextRun(*request);
  if (!run.refusal.ok()) return ToGrpcStatus(run.refusal);
  const absl::Cleanup end = [this] {
    absl::MutexLock lock(&mutex_);
    job_id_.clear();
  };
  worker::v1::ExecuteEvent event;
  event.mutable_started()->set_generation(1);
  writer->Write(event);
  for (int step = 1; step <= run.steps; ++step) {
    event.mutable_progress()->set_phase(v1::PHASE_DENOISING);
    event.mutable_progress()->set_step(step);
    event.mutable_progress()->set_of(run.steps);
    writer->Write(event);
  }
  if (run.waits && !Wait(*call)) return grpc::Status(grpc::StatusCode::CANCELLED, "cancelled");
  if (!run.error.ok()) return ToGrpcStatus(run.error);
  SendVideos(run, request->spec(), *writer);
  return grpc::Status::OK;
}

grpc::Status FakeRing::Watch(grpc::ServerContext* call, const worker::v1::WatchRequest*,
                             grpc::ServerWriter<worker::v1::RingStatus>* writer) {
  std::string sent;
  absl::Time sent_time = absl::InfinitePast();
  while (!call->IsCancelled()) {
    worker::v1::RingStatus status;
    bool is_silent = false;
    {
      absl::MutexLock lock(&mutex_);
      if (is_killed_) break;
      is_silent = is_silent_;
      status.set_state(job_id_.empty() ? state_ : v1::RING_STATE_BUSY);
      status.set_generation(generation_);
      status.set_job_id(job_id_);
    }
    status.set_model(model_);
    status.set_world_size(1);
    for (const std::string& codec : codecs_) status.add_codecs(codec);
    const bool is_due = sent != status.SerializeAsString() || absl::Now() - sent_time >= kHeartbeat;
    if (!is_silent && is_due) {
      sent = status.SerializeAsString();
      sent_time = absl::Now();
      if (!writer->Write(status)) break;
    }
    absl::MutexLock lock(&mutex_);
    const auto has_changed = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return is_killed_ || (job_id_.empty() ? state_ : v1::RING_STATE_BUSY) != status.state();
    };
    mutex_.AwaitWithTimeout(absl::Condition(&has_changed), kPoll);
  }
  return grpc::Status::OK;
}

}  // namespace wan

#include "tests/client/fake_server.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "common/crc32c.h"
#include "common/error.h"
#include "common/log.h"
#include "common/rpc/grpc_status.h"
#include "common/sha256.h"

namespace wan {
namespace {

constexpr size_t kChunkBytes = 1000;

grpc::Status NoSuchJob(const std::string& job_id) {
  return ToGrpcStatus(MakeError(absl::StatusCode::kNotFound, kJobNotFound, absl::StrCat("there is no job ", job_id)));
}

// Given fields stay, the others are the defaults of a model.
void Resolve(const v1::GenerationSpec& given, v1::Job* job) {
  const v1::GenerationSpec defaults = job->spec();
  *job->mutable_spec() = defaults;
  job->mutable_spec()->MergeFrom(given);
  for (const char* field : {"model", "prompt"}) (*job->mutable_spec_origins())[field] = v1::VALUE_ORIGIN_REQUEST;
  const auto set = [&](const char* field, bool is_given) {
    (*job->mutable_spec_origins())[field] = is_given ? v1::VALUE_ORIGIN_REQUEST : v1::VALUE_ORIGIN_MODEL;
  };
  set("guidance_scale", given.has_guidance_scale());
  set("negative_prompt", given.has_negative_prompt());
  set("num_videos", given.has_num_videos());
  set("seed", given.has_seed());
}

}  // namespace

void FakeVideoGeneration::FailNext(const std::string& method, const grpc::Status& status, int times) {
  absl::MutexLock lock(&mutex_);
  for (int i = 0; i < times; ++i) failures_[method].push_back(status);
}

void FakeVideoGeneration::SetJob(const v1::Job& job) {
  absl::MutexLock lock(&mutex_);
  jobs_[job.job_id()] = job;
}

void FakeVideoGeneration::AddWatch(WatchScript script) {
  absl::MutexLock lock(&mutex_);
  watches_.push_back(std::move(script));
}

void FakeVideoGeneration::AddDownload(DownloadScript script) {
  absl::MutexLock lock(&mutex_);
  downloads_to_come_.push_back(std::move(script));
}

void FakeVideoGeneration::SetVideo(const std::string& job_id, int index, const std::string& bytes) {
  absl::MutexLock lock(&mutex_);
  videos_[{job_id, index}] = bytes;
  v1::Video* video = jobs_[job_id].add_videos();
  video->set_index(index);
  video->set_seed(7 + index);
  video->set_codec("h264");
  video->set_container("mp4");
  video->set_size_bytes(static_cast<int64_t>(bytes.size()));
  video->set_sha256(Sha256Hex(bytes));
  video->set_num_frames(5);
}

void FakeVideoGeneration::SetSha256(const std::string& job_id, int index, const std::string& sha256) {
  absl::MutexLock lock(&mutex_);
  for (v1::Video& video : *jobs_[job_id].mutable_videos()) {
    if (video.index() == index) video.set_sha256(sha256);
  }
}

void FakeVideoGeneration::SetModels(std::vector<v1::Model> models) {
  absl::MutexLock lock(&mutex_);
  models_ = std::move(models);
}

std::vector<v1::SubmitJobRequest> FakeVideoGeneration::submits() const {
  absl::MutexLock lock(&mutex_);
  return submits_;
}

std::vector<v1::DownloadVideoRequest> FakeVideoGeneration::downloads() const {
  absl::MutexLock lock(&mutex_);
  return downloads_;
}

int FakeVideoGeneration::watch_count() const {
  absl::MutexLock lock(&mutex_);
  return watch_count_;
}

size_t FakeVideoGeneration::job_count() const {
  absl::MutexLock lock(&mutex_);
  return jobs_.size();
}

std::vector<std::string> FakeVideoGeneration::cancelled() const {
  absl::MutexLock lock(&mutex_);
  return cancelled_;
}

void FakeVideoGeneration::AwaitHold() {
  absl::MutexLock lock(&mutex_);
  const auto is_holding = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return holding_ > 0; };
  mutex_.Await(absl::Condition(&is_holding));
}

void FakeVideoGeneration::Stop() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
}

void FakeVideoGeneration::Hold(grpc::ServerContext* context) {
  absl::MutexLock lock(&mutex_);
  ++holding_;
  // The synchronous API tells of a client's leaving only when asked.
  while (!context->IsCancelled()) {
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopped_), absl::Milliseconds(10))) break;
  }
  --holding_;
}

grpc::Status FakeVideoGeneration::TakeFailure(const std::string& method) {
  auto& queue = failures_[method];
  if (queue.empty()) return grpc::Status::OK;
  const grpc::Status status = queue.front();
  queue.pop_front();
  return status;
}

grpc::Status FakeVideoGeneration::SubmitJob(grpc::ServerContext*, const v1::SubmitJobRequest* request, v1::Job* job) {
  absl::MutexLock lock(&mutex_);
  submits_.push_back(*request);
  const auto [entry, is_new] =
      job_of_request_.try_emplace(request->request_id(), absl::StrCat("job-", job_of_request_.size() + 1));
  if (is_new) {
    // A job that a test has put there beforehand keeps its state and videos.
    v1::Job& stored = jobs_[entry->second];
    if (stored.job_id().empty()) stored = MakeJob(entry->second, v1::JOB_STATE_QUEUED);
    stored.set_request_id(request->request_id());
    Resolve(request->spec(), &stored);
  }
  const grpc::Status failure = TakeFailure("SubmitJob");
  if (!failure.ok()) return failure;
  *job = jobs_[entry->second];
  return grpc::Status::OK;
}

grpc::Status FakeVideoGeneration::GetJob(grpc::ServerContext*, const v1::GetJobRequest* request, v1::Job* job) {
  absl::MutexLock lock(&mutex_);
  if (const grpc::Status failure = TakeFailure("GetJob"); !failure.ok()) return failure;
  const auto found = jobs_.find(request->job_id());
  if (found == jobs_.end()) return NoSuchJob(request->job_id());
  *job = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeVideoGeneration::ListJobs(grpc::ServerContext*, const v1::ListJobsRequest* request,
                                           v1::ListJobsResponse* response) {
  absl::MutexLock lock(&mutex_);
  if (const grpc::Status failure = TakeFailure("ListJobs"); !failure.ok()) return failure;
  for (const auto& [id, job] : jobs_) {
    const auto& states = request->states();
    if (!states.empty() && std::find(states.begin(), states.end(), job.state()) == states.end()) continue;
    if (!request->page_token().empty() && id <= request->page_token()) continue;
    if (response->jobs_size() == request->page_size()) {
      response->set_next_page_token(response->jobs(response->jobs_size() - 1).job_id());
      break;
    }
    *response->add_jobs() = job;
  }
  return grpc::Status::OK;
}

grpc::Status FakeVideoGeneration::CancelJob(grpc::ServerContext*, const v1::CancelJobRequest* request, v1::Job* job) {
  absl::MutexLock lock(&mutex_);
  if (const grpc::Status failure = TakeFailure("CancelJob"); !failure.ok()) return failure;
  const auto found = jobs_.find(request->job_id());
  if (found == jobs_.end()) return NoSuchJob(request->job_id());
  cancelled_.push_back(request->job_id());
  found->second.set_cancel_requested(true);
  *job = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeVideoGeneration::WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                                           grpc::ServerWriter<v1::JobEvent>* writer) {
  WatchScript script;
  {
    absl::MutexLock lock(&mutex_);
    ++watch_count_;
    if (const grpc::Status failure = TakeFailure("WatchJob"); !failure.ok()) return failure;
    const auto found = jobs_.find(request->job_id());
    if (found == jobs_.end()) return NoSuchJob(request->job_id());
    if (watches_.empty()) {
      script.events.push_back(MakeEvent(1, found->second));
    } else {
      script = std::move(watches_.front());
      watches_.pop_front();
    }
  }
  for (const v1::JobEvent& event : script.events) writer->Write(event);
  if (script.holds) Hold(context);
  return script.status;
}

grpc::Status FakeVideoGeneration::DownloadVideo(grpc::ServerContext* context, const v1::DownloadVideoRequest* request,
                                                grpc::ServerWriter<v1::VideoChunk>* writer) {
  DownloadScript script;
  std::string bytes;
  v1::Video video;
  {
    absl::MutexLock lock(&mutex_);
    downloads_.push_back(*request);
    if (const grpc::Status failure = TakeFailure("DownloadVideo"); !failure.ok()) return failure;
    const auto found = videos_.find({request->job_id(), request->index()});
    if (found == videos_.end()) return NoSuchJob(request->job_id());
    bytes = found->second;
    for (const v1::Video& listed : jobs_[request->job_id()].videos()) {
      if (listed.index() == request->index()) video = listed;
    }
    if (!downloads_to_come_.empty()) {
      script = downloads_to_come_.front();
      downloads_to_come_.pop_front();
    }
  }
  if (request->offset() < 0 || request->offset() > static_cast<int64_t>(bytes.size())) {
    return grpc::Status(grpc::StatusCode::OUT_OF_RANGE, "the offset is beyond the file");
  }
  size_t end = bytes.size();
  if (script.stops_after >= 0) end = std::min<size_t>(end, request->offset() + script.stops_after);
  size_t position = request->offset();
  bool is_first = true;
  do {
    v1::VideoChunk chunk;
    if (is_first) *chunk.mutable_video() = video;
    is_first = false;
    std::string data = bytes.substr(position, std::min(kChunkBytes, end - position));
    chunk.set_crc32c(Crc32c(data));
    chunk.set_offset(static_cast<int64_t>(position) + script.offset_error);
    position += data.size();
    if (script.flips_a_bit && position == end && !data.empty()) data[data.size() / 2] ^= 0x10;
    chunk.set_data(data);
    if (!writer->Write(chunk)) break;
  } while (position < end);
  if (script.holds) Hold(context);
  return script.status;
}

grpc::Status FakeVideoGeneration::ListModels(grpc::ServerContext*, const v1::ListModelsRequest*,
                                             v1::ListModelsResponse* response) {
  absl::MutexLock lock(&mutex_);
  if (const grpc::Status failure = TakeFailure("ListModels"); !failure.ok()) return failure;
  for (const v1::Model& model : models_) *response->add_models() = model;
  return grpc::Status::OK;
}

grpc::Status FakeAdmin::ListRings(grpc::ServerContext*, const v1::ListRingsRequest*, v1::ListRingsResponse* response) {
  for (const v1::Ring& ring : rings) *response->add_rings() = ring;
  return grpc::Status::OK;
}

FakeServer::FakeServer(int port) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(&videos_);
  builder.RegisterService(&admin_);
  server_ = builder.BuildAndStart();
  WAN_CHECK(server_ != nullptr && port_ != 0);
}

FakeServer::~FakeServer() { Stop(); }

void FakeServer::Stop() {
  if (server_ == nullptr) return;
  videos_.Stop();
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

std::string FakeServer::address() const { return absl::StrCat("127.0.0.1:", port_); }

v1::Job MakeJob(const std::string& job_id, v1::JobState state) {
  v1::Job job;
  job.set_job_id(job_id);
  job.set_state(state);
  v1::GenerationSpec* spec = job.mutable_spec();
  spec->set_model("wan-shapes");
  spec->set_prompt("a red ball moves left");
  spec->set_negative_prompt("");
  spec->set_width(48);
  spec->set_height(32);
  spec->set_num_frames(5);
  spec->mutable_fps()->set_numerator(16);
  spec->mutable_fps()->set_denominator(1);
  spec->set_num_steps(4);
  spec->set_guidance_scale(5);
  spec->set_flow_shift(3);
  spec->set_scheduler("unipc");
  spec->set_seed(7);
  spec->set_num_videos(1);
  spec->set_codec("h264");
  job.mutable_create_time()->set_seconds(1'700'000'000);
  job.set_max_attempts(3);
  return job;
}

v1::JobEvent MakeEvent(int64_t sequence, const v1::Job& job) {
  v1::JobEvent event;
  event.set_sequence(sequence);
  *event.mutable_job() = job;
  return event;
}

}  // namespace wan

#include "tests/testing/test_server.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/crc32c.h"
#include "common/log.h"
#include "common/rpc/grpc_status.h"
#include "common/status_macros.h"

namespace wan {
namespace {

constexpr std::chrono::seconds kDeadline(30);  // of calls; nothing waits for it that goes well

void SetDeadline(grpc::ClientContext& context) { context.set_deadline(std::chrono::system_clock::now() + kDeadline); }

template <typename Reply, typename Request, typename Method>
absl::StatusOr<Reply> CallUnary(v1::VideoGeneration::Stub& stub, Method method, const Request& request) {
  grpc::ClientContext context;
  SetDeadline(context);
  Reply reply;
  WAN_RETURN_IF_ERROR(FromGrpcStatus((stub.*method)(&context, request, &reply)));
  return reply;
}

}  // namespace

v1::GenerationSpec SmallSpec() {
  v1::GenerationSpec spec;
  spec.set_model("wan-shapes");
  spec.set_prompt("a red ball moves left");
  spec.set_width(32);
  spec.set_height(32);
  spec.set_num_frames(5);
  spec.set_num_steps(1);
  spec.set_seed(7);
  return spec;
}

TestServer::TestServer(const std::vector<std::string>& ring_addresses,
                       const std::function<void(ServerConfig&)>& adjust) {
  config_.listen_address = "127.0.0.1:0";
  config_.auth = "none";
  config_.store_path = folder_.File("jobs.db");
  config_.results_path = folder_.File("results");
  config_.models_path = std::string(std::getenv("WAN_SOURCE_DIR")) + "/configs/models.yaml";
  for (const std::string& address : ring_addresses) {
    config_.rings.push_back({.name = absl::StrCat("ring-", config_.rings.size()), .address = address});
  }
  config_.drain_timeout = absl::Seconds(20);
  config_.watch_heartbeat = absl::Seconds(15);
  config_.lease = absl::Seconds(60);
  options_.ring_client.min_backoff = absl::Milliseconds(20);
  options_.ring_client.max_backoff = absl::Milliseconds(100);
  options_.retry_delay = absl::Milliseconds(20);
  options_.watch_step_interval = absl::ZeroDuration();
  if (adjust != nullptr) adjust(config_);
  Start();
}

void TestServer::Start() {
  absl::StatusOr<std::unique_ptr<ServerApp>> app = ServerApp::Start(config_, options_);
  ASSERT_TRUE(app.ok()) << app.status();
  app_ = *std::move(app);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ = grpc::CreateCustomChannel(app_->address(), grpc::InsecureChannelCredentials(), arguments);
  videos_ = v1::VideoGeneration::NewStub(channel_);
  admin_ = v1::Admin::NewStub(channel_);
}

void TestServer::Crash() { app_.reset(); }

void TestServer::Drain() {
  app_->Drain();
  app_.reset();
}

absl::StatusOr<v1::Job> TestServer::Submit(const v1::GenerationSpec& spec, const std::string& request_id) {
  v1::SubmitJobRequest request;
  *request.mutable_spec() = spec;
  request.set_request_id(request_id);
  using Method =
      grpc::Status (v1::VideoGeneration::Stub::*)(grpc::ClientContext*, const v1::SubmitJobRequest&, v1::Job*);
  return CallUnary<v1::Job>(*videos_, Method(&v1::VideoGeneration::Stub::SubmitJob), request);
}

absl::StatusOr<v1::Job> TestServer::Get(const std::string& job_id) {
  v1::GetJobRequest request;
  request.set_job_id(job_id);
  using Method = grpc::Status (v1::VideoGeneration::Stub::*)(grpc::ClientContext*, const v1::GetJobRequest&, v1::Job*);
  return CallUnary<v1::Job>(*videos_, Method(&v1::VideoGeneration::Stub::GetJob), request);
}

absl::StatusOr<v1::Job> TestServer::Cancel(const std::string& job_id) {
  v1::CancelJobRequest request;
  request.set_job_id(job_id);
  using Method =
      grpc::Status (v1::VideoGeneration::Stub::*)(grpc::ClientContext*, const v1::CancelJobRequest&, v1::Job*);
  return CallUnary<v1::Job>(*videos_, Method(&v1::VideoGeneration::Stub::CancelJob), request);
}

absl::StatusOr<v1::Job> TestServer::Await(const std::string& job_id,
                                          const std::function<bool(const v1::Job&)>& is_reached) {
  grpc::ClientContext context;
  SetDeadline(context);
  v1::WatchJobRequest request;
  request.set_job_id(job_id);
  const auto reader = videos_->WatchJob(&context, request);
  v1::JobEvent event;
  while (reader->Read(&event)) {
    if (is_reached(event.job())) {
      context.TryCancel();
      return event.job();
    }
  }
  WAN_RETURN_IF_ERROR(FromGrpcStatus(reader->Finish()));
  return absl::FailedPreconditionError(absl::StrCat("not reached: ", event.job().ShortDebugString()));
}

absl::StatusOr<v1::Job> TestServer::AwaitState(const std::string& job_id, v1::JobState state) {
  return Await(job_id, [&](const v1::Job& job) { return job.state() == state; });
}

absl::StatusOr<v1::Job> TestServer::AwaitEnd(const std::string& job_id) {
  return Await(job_id, [](const v1::Job& job) { return job.has_end_time(); });
}

bool TestServer::AwaitRing(int index, v1::RingState state) {
  const absl::Time deadline = absl::Now() + absl::FromChrono(kDeadline);
  while (absl::Now() < deadline) {
    grpc::ClientContext context;
    v1::ListRingsResponse response;
    if (!admin_->ListRings(&context, {}, &response).ok()) return false;
    if (response.rings(index).state() == state) return true;
    absl::SleepFor(absl::Milliseconds(5));  // there is no stream of ring states to wait on
  }
  return false;
}

absl::StatusOr<std::string> TestServer::Download(const std::string& job_id, int index, int64_t offset,
                                                 std::vector<v1::VideoChunk>* chunks) {
  grpc::ClientContext context;
  SetDeadline(context);
  v1::DownloadVideoRequest request;
  request.set_job_id(job_id);
  request.set_index(index);
  request.set_offset(offset);
  const auto reader = videos_->DownloadVideo(&context, request);
  std::string bytes;
  v1::VideoChunk chunk;
  bool is_right = true;
  while (reader->Read(&chunk)) {
    is_right = is_right && chunk.offset() == offset + static_cast<int64_t>(bytes.size()) &&
               chunk.crc32c() == Crc32c(chunk.data()) && chunk.data().size() <= (1 << 20);
    bytes += chunk.data();
    if (chunks != nullptr) chunks->push_back(chunk);
  }
  WAN_RETURN_IF_ERROR(FromGrpcStatus(reader->Finish()));
  if (!is_right) return absl::DataLossError("a chunk has a wrong offset, checksum or size");
  return bytes;
}

absl::Status TestServer::CallRaw(const std::string& method, const std::string& bytes, std::string* reply_bytes) {
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  SetDeadline(context);
  grpc::CompletionQueue queue;
  const grpc::Slice slice(bytes);
  const std::string path = method[0] == '/' ? method : "/wan.v1.VideoGeneration/" + method;
  const auto call = stub.PrepareUnaryCall(&context, path, grpc::ByteBuffer(&slice, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  WAN_CHECK(queue.Next(&tag, &ok));
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  std::vector<grpc::Slice> slices;
  if (reply_bytes != nullptr && status.ok() && reply.Dump(&slices).ok()) {
    for (const grpc::Slice& part : slices) reply_bytes->append(part.begin(), part.end());
  }
  return FromGrpcStatus(status);
}

std::string TestServer::Metrics() {
  const int connection = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(app_->metrics_port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string text;
  if (::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (::write(connection, request.data(), request.size()) > 0) {
      char buffer[4096];
      for (ssize_t count = 0; (count = ::read(connection, buffer, sizeof(buffer))) > 0;) text.append(buffer, count);
    }
  }
  ::close(connection);
  return text;
}

}  // namespace wan

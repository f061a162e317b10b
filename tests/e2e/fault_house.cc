#include "tests/e2e/fault_house.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/request_id.h"
#include "common/error.h"
#include "common/rpc/grpc_status.h"
#include "tests/testing/files.h"
#include "tests/testing/video_reader.h"

namespace wan {
namespace {

std::string SourceDir() { return std::getenv("WAN_SOURCE_DIR"); }

}  // namespace

FaultHouse::FaultHouse() : ring_port_(FreePort()) {
  settings.checkpoint = SourceDir() + "/models/wan-shapes";
  settings.scratch_dir = File("scratch");
  settings.results = File("results");
}

FaultHouse::~FaultHouse() {
  client_ = nullptr;
  for (Program* program : {server_.get(), worker_.get()}) {
    if (program == nullptr || !program->IsRunning()) continue;
    program->Signal(SIGTERM);
    EXPECT_EQ(program->AwaitExit(), 0) << program->errors();
  }
  if (::testing::Test::HasFailure()) {
    for (Program* program : {server_.get(), worker_.get()}) {
      if (program != nullptr) std::cerr << program->errors();
    }
  }
  EXPECT_TRUE(AwaitTrue([this] { return ProcessesWith(folder()).empty(); })) << "a process is left";
  EXPECT_FALSE(IsListening(ring_port_));
  EXPECT_FALSE(server_port_ != 0 && IsListening(server_port_));
}

std::string FaultHouse::NextLog(const std::string& name) { return File(absl::StrCat("log-", ++num_logs_, "-", name)); }

std::string FaultHouse::WriteWorkerConfig() const {
  WriteFile(
      File("worker.yaml"),
      absl::StrCat("listen: {address: '127.0.0.1:", ring_port_, "', port_file: ring.port}\n",
                   "model: {name: wan-shapes, checkpoint: '", settings.checkpoint, "', catalog: '", SourceDir(),
                   "/configs/models.yaml', dtype: f32}\n", "video: {scratch_dir: '", settings.scratch_dir, "'}\n",
                   "supervisor: {backoff_min_seconds: 0.1, termination_log: termination-log}\n", settings.worker_yaml));
  return File("worker.yaml");
}

std::string FaultHouse::WriteServerConfig() const {
  WriteFile(File("server.yaml"), absl::StrCat("listen: {address: '127.0.0.1:0', port_file: server.port}\nauth: none\n",
                                              "store: {path: jobs.db}\nresults: {path: '", settings.results, "'}\n",
                                              "models: {path: '", SourceDir(), "/configs/models.yaml'}\n",
                                              "rings: [{name: ring-0, address: '127.0.0.1:", ring_port_, "'}]\n",
                                              "limits: {max_attempts: ", settings.max_attempts, "}\n",
                                              "drain_timeout_seconds: ", settings.drain_timeout_seconds, "\n"));
  return File("server.yaml");
}

void FaultHouse::StartWorker() {
  worker_ = nullptr;
  worker_ = std::make_unique<Program>("wan_worker", std::vector<std::string>{"--config", WriteWorkerConfig()},
                                      NextLog("worker"));
}

void FaultHouse::StartServer() {
  server_ = nullptr;
  std::filesystem::remove(File("server.port"));
  server_ = std::make_unique<Program>("wan_server", std::vector<std::string>{"--config", WriteServerConfig()},
                                      NextLog("server"));
  ASSERT_TRUE(AwaitTrue([this] { return std::filesystem::exists(File("server.port")) || !server_->IsRunning(); }));
  ASSERT_TRUE(server_->IsRunning()) << server_->errors();
  ASSERT_TRUE(absl::SimpleAtoi(absl::StripAsciiWhitespace(ReadFile(File("server.port"))), &server_port_));
  client_ = std::make_unique<VideoClient>(MakeChannel(server_address()), VideoClientOptions{}, std::stop_token());
}

void FaultHouse::Start() {
  StartWorker();
  ASSERT_NO_FATAL_FAILURE(StartServer());
  ASSERT_TRUE(AwaitRing(v1::RING_STATE_READY)) << worker_->errors() << server_->errors();
}

int FaultHouse::StopServer() {
  // An idle channel answers the server's goodbye only at gRPC's next look at it, up to 5 s later.
  client_ = nullptr;
  server_->Signal(SIGTERM);
  return server_->AwaitExit().value_or(-1);
}

std::string FaultHouse::server_address() const { return absl::StrCat("127.0.0.1:", server_port_); }

pid_t FaultHouse::AwaitRank(pid_t before) const {
  pid_t rank = 0;
  AwaitTrue([&] {
    rank = Rank();
    return rank != 0 && rank != before;
  });
  return rank;
}

bool FaultHouse::AwaitRing(v1::RingState state, absl::Duration patience) {
  return AwaitTrue(
      [&] {
        const auto rings = client_->ListRings();
        return rings.ok() && rings->at(0).state() == state;
      },
      patience);
}

std::string FaultHouse::Submit(const v1::GenerationSpec& spec) {
  const absl::StatusOr<v1::Job> job = client_->Submit(spec, NewRequestId());
  EXPECT_TRUE(job.ok()) << job.status();
  return job.ok() ? job->job_id() : "";
}

v1::Job FaultHouse::Get(const std::string& job_id) {
  const absl::StatusOr<v1::Job> job = client_->Get(job_id);
  EXPECT_TRUE(job.ok()) << job.status();
  return job.ok() ? *job : v1::Job();
}

v1::Job FaultHouse::Await(const std::string& job_id, const std::function<bool(const v1::Job&)>& is_reached) {
  v1::Job last;
  const bool reached = AwaitTrue([&] {
    if (const auto job = client_->Get(job_id); job.ok()) last = *job;
    return is_reached(last);
  });
  EXPECT_TRUE(reached) << last.ShortDebugString();
  return last;
}

v1::Job FaultHouse::AwaitEnd(const std::string& job_id) {
  return Await(job_id, [](const v1::Job& job) { return IsFinal(job.state()); });
}

v1::Job FaultHouse::AwaitStep(const std::string& job_id, int attempt) {
  return Await(job_id, [attempt](const v1::Job& job) {
    return IsFinal(job.state()) ||
           (job.attempt() == attempt && job.progress().phase() == v1::PHASE_DENOISING && job.progress().step() > 0);
  });
}

std::string FaultHouse::Frames(const std::string& job_id) {
  const std::string path = File(absl::StrCat(job_id, ".mkv"));
  const auto video = client_->Download(job_id, 0, path, nullptr);
  EXPECT_TRUE(video.ok()) << video.status();
  const auto decoded = ReadVideo(path);
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return decoded.ok() ? FramesSha256(decoded->frames) : "";
}

std::unique_ptr<Program> FaultHouse::StartWanctl(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--server", server_address()});
  return std::make_unique<Program>("wanctl", arguments, NextLog("wanctl"));
}

std::string FaultHouse::Wanctl(std::vector<std::string> arguments, int* code) {
  const std::unique_ptr<Program> program = StartWanctl(std::move(arguments));
  const std::optional<int> exit_code = program->AwaitExit();
  EXPECT_TRUE(exit_code.has_value());
  if (code != nullptr) *code = exit_code.value_or(-1);
  return program->output();
}

v1::GenerationSpec FaultSpec(int num_steps, int64_t seed) {
  v1::GenerationSpec spec;
  spec.set_model("wan-shapes");
  spec.set_prompt("a red circle moves right on a blue background");
  spec.set_width(32);
  spec.set_height(32);
  spec.set_num_frames(5);
  spec.set_num_steps(num_steps);
  spec.set_seed(seed);
  spec.set_codec("ffv1");
  return spec;
}

std::string ErrorOf(const v1::Job& job) {
  const absl::Status error = FromRpcStatus(job.error());
  if (error.ok()) return "";
  return absl::StrCat(absl::StatusCodeToString(error.code()), "/", GetErrorDetails(error).reason);
}

}  // namespace wan

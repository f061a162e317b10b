// wan_worker and wan_rank as they are shipped, with the demo model on CPU.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/error.h"
#include "common/generation/spec_proto.h"
#include "common/rpc/grpc_status.h"
#include "common/sha256.h"
#include "tests/testing/files.h"
#include "wan/worker/v1/ring_worker.grpc.pb.h"

extern char** environ;

namespace wan {
namespace {

using ::testing::HasSubstr;
using worker::v1::ExecuteEvent;

constexpr int kPatienceMilliseconds = 60'000;

std::string SourceDir() { return std::getenv("WAN_SOURCE_DIR"); }

class WorkerProcessTest : public ::testing::Test {
 protected:
  ~WorkerProcessTest() override {
    if (worker_ > 0) {
      ::kill(worker_, SIGKILL);
      ::waitpid(worker_, nullptr, 0);
    }
    if (log_fd_ >= 0) ::close(log_fd_);
  }

  void Start(const std::string& checkpoint = SourceDir() + "/models/wan-shapes") {
    WriteFile(folder_.File("worker.yaml"),
              absl::StrCat("listen: {address: '127.0.0.1:0', port_file: ", folder_.File("port"), "}\n",
                           "model: {name: wan-shapes, checkpoint: ", checkpoint, ", dtype: f32, catalog: ", SourceDir(),
                           "/configs/models.yaml}\n", "video: {scratch_dir: ", folder_.File("scratch"), "}\n",
                           "supervisor: {backoff_min_seconds: 0.01, silence_timeout_seconds: 3, termination_log: ",
                           folder_.File("termination-log"), "}\n"));
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    log_fd_ = ends[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    std::string program = std::string(std::getenv("WAN_BINARY_DIR")) + "/bin/wan_worker";
    std::string config_flag = "--config";
    std::string config = folder_.File("worker.yaml");
    char* arguments[] = {program.data(), config_flag.data(), config.data(), nullptr};
    ASSERT_EQ(::posix_spawn(&worker_, program.c_str(), &actions, nullptr, arguments, environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }

  // Reads the log up to the next line that holds `text`. That line; "" when the log ends, or nothing comes for long.
  std::string WaitForLog(const std::string& text) {
    for (;;) {
      for (size_t end = log_.find('\n', seen_); end != std::string::npos; end = log_.find('\n', seen_)) {
        const std::string line = log_.substr(seen_, end - seen_);
        seen_ = end + 1;
        if (line.find(text) != std::string::npos) return line;
      }
      pollfd ready = {log_fd_, POLLIN, 0};
      char buffer[4096];
      if (::poll(&ready, 1, kPatienceMilliseconds) != 1) return "";
      const ssize_t count = ::read(log_fd_, buffer, sizeof(buffer));
      if (count <= 0) return "";
      log_.append(buffer, count);
    }
  }

  // Waits for the start of a rank and for its READY, and connects to it.
  void WaitUntilReady() {
    const std::string started = WaitForLog("started rank 0 as process ");
    ASSERT_TRUE(absl::SimpleAtoi(started.substr(started.rfind(' ') + 1), &rank_)) << log_;
    ASSERT_NE(WaitForLog("ring ready"), "") << log_;
    stub_ = worker::v1::RingWorker::NewStub(
        grpc::CreateChannel("127.0.0.1:" + std::string(absl::StripAsciiWhitespace(ReadFile(folder_.File("port")))),
                            grpc::InsecureChannelCredentials()));
  }

  static worker::v1::ExecuteRequest Request(int64_t num_steps) {
    GenerationSpec spec;
    spec.model = "wan-shapes";
    spec.prompt = "a red circle moves right";
    spec.width = spec.height = 64;
    spec.num_frames = 17;
    spec.num_steps = num_steps;
    spec.guidance_scale = 4;
    spec.flow_shift = 3;
    spec.seed = 1;
    worker::v1::ExecuteRequest request;
    request.set_job_id("job-1");
    request.set_attempt(1);
    *request.mutable_spec() = SpecToProto(spec);
    return request;
  }

  // Runs a job; `on_step` is called at each progress of denoising. Fills video_ and completed_.
  template <typename OnStep>
  absl::Status Execute(int64_t num_steps, OnStep on_step) {
    grpc::ClientContext context;
    video_.clear();
    const auto reader = stub_->Execute(&context, Request(num_steps));
    for (ExecuteEvent event; reader->Read(&event);) {
      if (event.progress().phase() == wan::v1::PHASE_DENOISING && event.progress().step() > 0) on_step();
      if (event.has_chunk()) video_ += event.chunk().data();
      if (event.has_completed()) completed_ = event.completed();
    }
    return FromGrpcStatus(reader->Finish());
  }
  absl::Status Execute(int64_t num_steps) {
    return Execute(num_steps, [] {});
  }

  int WaitForExit() {
    WaitForLog("no such text");  // to its end
    int status = 0;
    EXPECT_EQ(::waitpid(worker_, &status, 0), worker_);
    worker_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string LastLogLine() const {
    const std::vector<std::string> lines = absl::StrSplit(log_, '\n', absl::SkipEmpty());
    return lines.empty() ? "" : lines.back();
  }

  const TemporaryFolder folder_;
  pid_t worker_ = -1;
  pid_t rank_ = -1;
  int log_fd_ = -1;
  std::string log_;
  size_t seen_ = 0;
  std::unique_ptr<worker::v1::RingWorker::Stub> stub_;
  std::string video_;
  worker::v1::Completed completed_;
};

TEST_F(WorkerProcessTest, JobBecomesAVideoWhoseHashIsThatOfItsChunks) {
  Start();
  WaitUntilReady();
  const absl::Status status = Execute(2);
  ASSERT_TRUE(status.ok()) << status << log_;
  ASSERT_EQ(completed_.videos_size(), 1);
  EXPECT_EQ(completed_.videos(0).sha256(), Sha256Hex(video_));
  EXPECT_EQ(completed_.videos(0).size_bytes(), static_cast<int64_t>(video_.size()));
  EXPECT_EQ(completed_.videos(0).num_frames(), 17);
  EXPECT_EQ(completed_.transformer_forwards(), 4);
  EXPECT_EQ(video_.substr(4, 4), "ftyp");
}

TEST_F(WorkerProcessTest, TermLetsTheJobFinishAndExitsWith0AndAnEmptyScratchFolder) {
  Start();
  WaitUntilReady();
  bool is_sent = false;
  const absl::Status status = Execute(10, [&] {
    if (!std::exchange(is_sent, true)) ::kill(worker_, SIGTERM);
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(is_sent);
  EXPECT_EQ(WaitForExit(), 0) << log_;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.File("scratch"))) {
    EXPECT_FALSE(entry.is_directory()) << entry.path();
  }
}

TEST_F(WorkerProcessTest, KilledRankLosesItsCallComesBackAndServesAgain) {
  Start();
  WaitUntilReady();
  const absl::Status lost = Execute(200, [&] { ::kill(rank_, SIGKILL); });
  EXPECT_EQ(lost.code(), absl::StatusCode::kUnavailable);
  WaitUntilReady();
  EXPECT_TRUE(Execute(1).ok());
}

TEST_F(WorkerProcessTest, FrozenRankIsKilledAndComesBack) {
  Start();
  WaitUntilReady();
  ::kill(rank_, SIGSTOP);
  EXPECT_NE(WaitForLog("has been silent for"), "");
  WaitUntilReady();
  EXPECT_TRUE(Execute(1).ok());
}

TEST_F(WorkerProcessTest, TruncatedCheckpointStaysDownWith78AndItsFileInTheLastLine) {
  const std::string checkpoint = folder_.File("checkpoint");
  std::filesystem::copy(SourceDir() + "/models/wan-shapes", checkpoint, std::filesystem::copy_options::recursive);
  const std::string weights = checkpoint + "/transformer/diffusion_pytorch_model.safetensors";
  std::filesystem::resize_file(weights, std::filesystem::file_size(weights) - 1);
  Start(checkpoint);
  EXPECT_EQ(WaitForExit(), 78);
  EXPECT_THAT(LastLogLine(), HasSubstr("transformer/diffusion_pytorch_model.safetensors"));
  EXPECT_THAT(ReadFile(folder_.File("termination-log")), HasSubstr("transformer/diffusion_pytorch_model.safetensors"));
}

TEST_F(WorkerProcessTest, CheckpointThatIsMissingStaysDownWith78) {
  Start(folder_.File("nowhere"));
  EXPECT_EQ(WaitForExit(), 78);
  EXPECT_THAT(LastLogLine(), HasSubstr("nowhere"));
}

}  // namespace
}  // namespace wan

#include "tests/e2e/fault_house.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "client/request_id.h"
#include "common/error.h"
#include "common/rpc/grpc_status.h"
#include "tests/testing/video_reader.h"

namespace wan {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);  // nothing waits for it that goes well
constexpr absl::Duration kLookInterval = absl::Milliseconds(10);

// Empty for what is gone meanwhile.
std::string ReadIfThere(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool IsListening(int port) {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_open = ::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(connection);
  return is_open;
}

}  // namespace

bool AwaitTrue(const std::function<bool()>& is_true) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!is_true()) {
    if (absl::Now() >= deadline) return false;
    absl::SleepFor(kLookInterval);
  }
  return true;
}

std::optional<int> AwaitExit(Process& program) { return program.Wait(kPatience); }

FaultHouse::FaultHouse()
    : House({.server_yaml = "limits: {max_attempts: 2}\n",
             .ring_yaml = "supervisor: {backoff_min_seconds: 0.1, termination_log: termination-log}\n"}) {}

FaultHouse::~FaultHouse() {
  client_ = nullptr;
  for (Process* program : {server_if_started(), ring_if_started()}) {
    if (program == nullptr || !program->IsRunning()) continue;
    program->Signal(SIGTERM);
    EXPECT_EQ(AwaitExit(*program), 0);
  }
  EXPECT_TRUE(AwaitTrue([this] { return !HasProcessWith(Path("")); })) << "a process is left";
  EXPECT_FALSE(IsListening(ring_port()));
  EXPECT_FALSE(server_port() != 0 && IsListening(server_port()));
  if (::testing::Test::HasFailure()) std::cerr << ServerErrors() << RingErrors();
}

std::string FaultHouse::RingErrors() const { return ReadIfThere(RingLog()); }
std::string FaultHouse::ServerErrors() const { return ReadIfThere(ServerLog()); }

std::string FaultHouse::LastRingLine() const {
  const std::vector<std::string> lines = absl::StrSplit(RingErrors(), '\n', absl::SkipEmpty());
  return lines.empty() ? "" : lines.back();
}

bool FaultHouse::HasProcessWith(const std::string& file) const {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid) || pid == ::getpid()) continue;
    if (ReadIfThere(entry.path() / "cmdline").find(file) != std::string::npos) return true;
  }
  return false;
}

pid_t FaultHouse::AwaitRank(pid_t before) {
  pid_t rank = 0;
  AwaitTrue([&] {
    rank = rank_pid();
    return rank != 0 && rank != before;
  });
  return rank;
}

int FaultHouse::StopServer() {
  // An idle channel answers the server's goodbye only at gRPC's next look at it, up to 5 s later.
  client_ = nullptr;
  server().Signal(SIGTERM);
  return AwaitExit(server()).value_or(-1);
}

VideoClient& FaultHouse::client() {
  if (client_ == nullptr) {
    client_ = std::make_unique<VideoClient>(MakeChannel(Address()), VideoClientOptions{}, std::stop_token());
  }
  return *client_;
}

std::string FaultHouse::Submit(const v1::GenerationSpec& spec) {
  const absl::StatusOr<v1::Job> job = client().Submit(spec, NewRequestId());
  EXPECT_TRUE(job.ok()) << job.status();
  return job.ok() ? job->job_id() : "";
}

v1::Job FaultHouse::Get(const std::string& job_id) {
  const absl::StatusOr<v1::Job> job = client().Get(job_id);
  EXPECT_TRUE(job.ok()) << job.status();
  return job.ok() ? *job : v1::Job();
}

v1::Job FaultHouse::Await(const std::string& job_id, const std::function<bool(const v1::Job&)>& is_reached) {
  v1::Job last;
  const bool reached = AwaitTrue([&] {
    if (const auto job = client().Get(job_id); job.ok()) last = *job;
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
  const std::string path = Path(absl::StrCat(job_id, ".mkv"));
  const auto video = client().Download(job_id, 0, path, nullptr);
  EXPECT_TRUE(video.ok()) << video.status();
  const auto decoded = ReadVideo(path);
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return decoded.ok() ? FramesSha256(decoded->frames) : "";
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

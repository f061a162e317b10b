// The program itself: its flags, its signals, and its sudden death.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "common/log.h"
#include "tests/testing/fake_ring.h"
#include "tests/testing/files.h"
#include "tests/testing/test_server.h"

extern char** environ;

namespace wan {
namespace {

using testing::HasSubstr;

std::string Program() { return std::string(std::getenv("WAN_BINARY_DIR")) + "/bin/wan_server"; }

// A running wan_server; killed in the destructor if it still runs.
class Process {
 public:
  Process(std::vector<std::string> arguments, const std::string& output_path) {
    arguments.insert(arguments.begin(), Program());
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    WAN_CHECK(posix_spawn(&pid_, Program().c_str(), &files, nullptr, argv.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&files);
  }
  ~Process() {
    if (pid_ != 0) {
      Signal(SIGKILL);
      Wait();
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Signal(int signal) { kill(pid_, signal); }
  // The exit code, or minus the signal.
  int Wait() {
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  bool IsRunning() const {
    siginfo_t info = {};
    return waitid(P_PID, pid_, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
  }

 private:
  pid_t pid_ = 0;
};

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() { Configure("rings: []\n"); }

  void Configure(const std::string& more) {
    WriteFile(config_,
              "listen: {address: \"127.0.0.1:0\", port_file: port}\n"
              "store: {path: jobs.db}\nresults: {path: results}\nmodels: {path: \"" +
                  std::string(std::getenv("WAN_SOURCE_DIR")) + "/configs/models.yaml\"}\n" + more);
  }

  int Run(const std::vector<std::string>& arguments) { return Process(arguments, output_).Wait(); }
  std::string Output() { return ReadFile(output_); }

  std::unique_ptr<Process> StartServer() {
    std::filesystem::remove(folder_.File("port"));
    auto process = std::make_unique<Process>(std::vector<std::string>{"--config", config_}, output_);
    while (process->IsRunning() && !std::filesystem::exists(folder_.File("port"))) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(process->IsRunning()) << Output();
    const std::string port = process->IsRunning() ? ReadFile(folder_.File("port")) : "1\n";
    stub_ = v1::VideoGeneration::NewStub(
        grpc::CreateChannel("127.0.0.1:" + port.substr(0, port.size() - 1), grpc::InsecureChannelCredentials()));
    return process;
  }

  std::string Submit() {
    grpc::ClientContext context;
    v1::SubmitJobRequest request;
    *request.mutable_spec() = SmallSpec();
    v1::Job job;
    const grpc::Status status = stub_->SubmitJob(&context, request, &job);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return job.job_id();
  }

  v1::JobState AwaitEnd(const std::string& job_id) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    v1::WatchJobRequest request;
    request.set_job_id(job_id);
    const auto reader = stub_->WatchJob(&context, request);
    v1::JobEvent event;
    while (reader->Read(&event)) {
    }
    return event.job().state();
  }

  const TemporaryFolder folder_;
  const std::string config_ = folder_.File("server.yaml");
  const std::string output_ = folder_.File("output");
  std::unique_ptr<v1::VideoGeneration::Stub> stub_;
};

TEST_F(ProgramTest, KilledWithAJobRunningAndOthersQueuedAllRunAfterTheRestart) {
  FakeRing ring;
  ring.Script({.waits = true});
  Configure("rings: [{name: ring-0, address: \"" + ring.address() + "\"}]\n");
  auto server = StartServer();
  const std::vector<std::string> jobs = {Submit(), Submit(), Submit()};
  ASSERT_TRUE(ring.AwaitWaiting(1));
  server->Signal(SIGKILL);
  EXPECT_EQ(server->Wait(), -SIGKILL);
  server = StartServer();
  for (const std::string& job : jobs) EXPECT_EQ(AwaitEnd(job), v1::JOB_STATE_SUCCEEDED) << Output();
  EXPECT_TRUE(ring.AwaitCancelled(1));  // the ring noticed that its caller had gone
}

TEST_F(ProgramTest, ATermSignalDrainsAndExitsWithZero) {
  const auto server = StartServer();
  server->Signal(SIGTERM);
  EXPECT_EQ(server->Wait(), 0);
  EXPECT_THAT(Output(), HasSubstr("drained"));
}

TEST_F(ProgramTest, ASecondServerOnTheSameJobTableDoesNotStart) {
  const auto server = StartServer();
  EXPECT_EQ(Run({"--config", config_}), 1);
}

TEST_F(ProgramTest, ABadConfigurationIsExitCode78WithThePathOfTheKey) {
  Configure("limitz: {max_attempts: 2}\n");
  EXPECT_EQ(Run({"--config", config_}), 78);
  EXPECT_THAT(Output(), HasSubstr("limitz"));
  EXPECT_THAT(Output(), HasSubstr("limits"));
}

TEST_F(ProgramTest, AnOpenListenerIsRefusedWithoutTheFlag) {
  WriteFile(config_, "listen: {address: \"0.0.0.0:0\"}\nstore: {path: j}\nresults: {path: r}\nmodels: {path: \"" +
                         std::string(std::getenv("WAN_SOURCE_DIR")) + "/configs/models.yaml\"}\n");
  EXPECT_EQ(Run({"--config", config_, "--check-config"}), 78);
  EXPECT_THAT(Output(), HasSubstr("--insecure"));
  EXPECT_EQ(Run({"--config", config_, "--check-config", "--insecure"}), 0);
}

TEST_F(ProgramTest, TheEffectiveConfigurationIsAConfiguration) {
  EXPECT_EQ(Run({"--config", config_, "--print-effective-config"}), 0);
  EXPECT_THAT(Output(), HasSubstr("drain_timeout_seconds"));
  WriteFile(config_, Output());
  EXPECT_EQ(Run({"--config", config_, "--check-config"}), 0) << Output();
}

TEST_F(ProgramTest, WrongUsageIsExitCodeTwoAndTheVersionIsPrinted) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({"--config", config_, "--no-such-flag"}), 2);
  EXPECT_EQ(Run({"--version"}), 0);
  EXPECT_THAT(Output(), HasSubstr("wan_server 0."));
}

}  // namespace
}  // namespace wan

// The ranks here are shell scripts, which speak to the supervisor through descriptor 3. They speak to the test through
// a named pipe, so that the test waits for events and not for time.
#include "worker/launch/supervisor.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace wan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() {
    std::string folder = ::testing::TempDir() + "/supervisor-XXXXXX";
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    EXPECT_EQ(::mkfifo((folder_ + "/events").c_str(), 0600), 0);
    events_ = ::open((folder_ + "/events").c_str(), O_RDWR | O_CLOEXEC);  // both ends: opening blocks nobody
    EXPECT_EQ(::pipe2(log_pipe_, O_CLOEXEC), 0);
    options_.backoff_min = absl::Milliseconds(1);
    options_.backoff_max = absl::Milliseconds(4);
    options_.silence_timeout = absl::Seconds(20);
    options_.termination_log = folder_ + "/termination-log";
  }

  ~SupervisorTest() override {
    if (supervisor_ > 0) {
      ::kill(supervisor_, SIGKILL);
      ::waitpid(supervisor_, nullptr, 0);
    }
    ::close(events_);
    ::close(log_pipe_[0]);
    std::filesystem::remove_all(folder_);
  }

  // Runs a supervisor, in a process of its own, whose rank is `script`. $E is the file that events go to, $D a folder.
  void Start(const std::string& script) { StartProgram({"/bin/sh", "-c", script}); }

  void StartProgram(std::vector<std::string> arguments) {
    options_.rank = {.arguments = std::move(arguments), .environment = {"E=" + folder_ + "/events", "D=" + folder_}};
    supervisor_ = ::fork();
    if (supervisor_ != 0) {
      ::close(log_pipe_[1]);
      return;
    }
    ::dup2(log_pipe_[1], STDERR_FILENO);
    Supervisor supervisor(options_);
    ::_exit(supervisor.Run());
  }

  // The next line that a rank wrote to $E; "" when none comes within 20 s.
  std::string NextEvent() {
    std::string line;
    for (char c = 0;;) {
      pollfd ready = {events_, POLLIN, 0};
      if (::poll(&ready, 1, 20'000) != 1 || ::read(events_, &c, 1) != 1) return "";
      if (c == '\n') return line;
      line += c;
    }
  }

  // Reads the log until it holds `text`; false when it ends, or 20 s pass, before.
  bool WaitForLog(const std::string& text) {
    char buffer[1024];
    while (log_.find(text) == std::string::npos) {
      pollfd ready = {log_pipe_[0], POLLIN, 0};
      if (::poll(&ready, 1, 20'000) != 1) return false;
      const ssize_t count = ::read(log_pipe_[0], buffer, sizeof(buffer));
      if (count <= 0) return false;
      log_.append(buffer, count);
    }
    return true;
  }

  // The exit code; -1 when it was killed. Afterwards log_ is complete.
  int WaitForExit() {
    WaitForLog("no such text");
    int status = 0;
    EXPECT_EQ(::waitpid(supervisor_, &status, 0), supervisor_);
    supervisor_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string LastLogLine() const {
    std::vector<std::string> lines = absl::StrSplit(log_, '\n', absl::SkipEmpty());
    return lines.empty() ? "" : lines.back();
  }

  Supervisor::Options options_;
  std::string folder_;
  int events_ = -1;
  int log_pipe_[2];
  std::string log_;
  pid_t supervisor_ = -1;
};

TEST_F(SupervisorTest, RankThatFailsIsRestartedUntilItDrains) {
  Start("echo run >> $D/runs; echo run > $E; [ $(wc -l < $D/runs) -ge 4 ] && exit 0; exit 1");
  EXPECT_EQ(WaitForExit(), 0);
  EXPECT_EQ(Contents(folder_ + "/runs"), "run\nrun\nrun\nrun\n");
}

TEST_F(SupervisorTest, KilledRankIsRestarted) {
  Start("echo $$ > $E; echo run >> $D/runs; [ $(wc -l < $D/runs) -ge 2 ] && exit 0; kill -9 $$");
  EXPECT_EQ(WaitForExit(), 0);
  EXPECT_THAT(log_, HasSubstr("signal 9 (KILL)"));
}

TEST_F(SupervisorTest, BackoffDoublesUpToItsLimitAndAStepResetsIt) {
  Start(
      "echo run >> $D/runs; n=$(wc -l < $D/runs); "
      "[ $n -eq 5 ] && echo step >&3; [ $n -ge 7 ] && exit 0; exit 1");
  EXPECT_EQ(WaitForExit(), 0);
  std::vector<std::string> pauses;
  for (const auto& line : absl::StrSplit(log_, '\n')) {
    const size_t at = line.find("restarting rank 0 in ");
    if (at != std::string::npos) pauses.push_back(std::string(line.substr(at + 21)));
  }
  EXPECT_THAT(pauses, ElementsAre("1ms", "2ms", "4ms", "4ms", "1ms", "2ms"));
}

TEST_F(SupervisorTest, BadConfigurationStaysDownAndItsErrorIsTheLastLine) {
  Start("echo run >> $D/runs; echo 'error model.safetensors: tensor a.b: ends at byte 12' >&3; exit 78");
  EXPECT_EQ(WaitForExit(), 78);
  EXPECT_EQ(Contents(folder_ + "/runs"), "run\n");
  EXPECT_THAT(LastLogLine(), HasSubstr("model.safetensors: tensor a.b: ends at byte 12"));
  EXPECT_THAT(Contents(folder_ + "/termination-log"), HasSubstr("tensor a.b: ends at byte 12"));
}

TEST_F(SupervisorTest, TermIsForwardedAndTheRankMayFinishFirst) {
  Start(
      "trap 'echo term > $E; read go < $D/go; echo done > $E; exit 0' TERM; echo up > $E; "
      "while :; do sleep 0.05; done");
  ASSERT_EQ(::mkfifo((folder_ + "/go").c_str(), 0600), 0);
  EXPECT_EQ(NextEvent(), "up");
  ::kill(supervisor_, SIGTERM);
  EXPECT_EQ(NextEvent(), "term");
  EXPECT_EQ(::waitpid(supervisor_, nullptr, WNOHANG), 0) << "the supervisor did not wait for its rank";
  std::ofstream(folder_ + "/go") << "go\n";
  EXPECT_EQ(NextEvent(), "done");
  EXPECT_EQ(WaitForExit(), 0);
}

TEST_F(SupervisorTest, SecondInterruptKillsARankThatDoesNotLeave) {
  Start("trap 'echo got > $E' TERM; echo up > $E; while :; do sleep 0.05; done");
  EXPECT_EQ(NextEvent(), "up");
  ::kill(supervisor_, SIGINT);
  EXPECT_EQ(NextEvent(), "got");
  ::kill(supervisor_, SIGINT);
  EXPECT_EQ(WaitForExit(), 1);
}

TEST_F(SupervisorTest, RankThatDiesWhileDrainingIsNotRestarted) {
  Start("trap 'exit 3' TERM; echo run >> $D/runs; echo up > $E; while :; do sleep 0.05; done");
  EXPECT_EQ(NextEvent(), "up");
  ::kill(supervisor_, SIGTERM);
  EXPECT_EQ(WaitForExit(), 1);
  EXPECT_EQ(Contents(folder_ + "/runs"), "run\n");
}

TEST_F(SupervisorTest, TermDuringThePauseEndsAtOnce) {
  options_.backoff_min = options_.backoff_max = absl::Hours(1);
  Start("exit 1");
  EXPECT_TRUE(WaitForLog("restarting rank 0"));
  ::kill(supervisor_, SIGTERM);
  EXPECT_EQ(WaitForExit(), 0);
}

TEST_F(SupervisorTest, FrozenRankIsKilledAndRestarted) {
  options_.silence_timeout = absl::Milliseconds(200);
  Start("echo run >> $D/runs; echo beat >&3; [ $(wc -l < $D/runs) -ge 2 ] && exit 0; kill -STOP $$");
  EXPECT_EQ(WaitForExit(), 0);
  EXPECT_THAT(log_, AllOf(HasSubstr("has been silent for"), HasSubstr("signal 9 (KILL)")));
}

TEST_F(SupervisorTest, RankThatBeatsOutlivesTheSilenceTimeout) {
  options_.silence_timeout = absl::Seconds(1);
  Start("for i in 1 2 3 4 5 6 7 8; do echo beat >&3; sleep 0.2; done; exit 0");
  EXPECT_EQ(WaitForExit(), 0);
  EXPECT_THAT(log_, ::testing::Not(HasSubstr("silent")));
}

TEST_F(SupervisorTest, KilledSupervisorLeavesNoOrphan) {
  Start("mkfifo $D/alive; echo up > $E; exec sleep 1000 > $D/alive");
  EXPECT_EQ(NextEvent(), "up");
  const int alive = ::open((folder_ + "/alive").c_str(), O_RDONLY | O_CLOEXEC);  // waits for the rank's end of it
  ::kill(supervisor_, SIGKILL);
  EXPECT_EQ(WaitForExit(), -1);
  pollfd end = {alive, POLLIN, 0};
  EXPECT_EQ(::poll(&end, 1, 20'000), 1) << "the rank outlived its supervisor";
  EXPECT_TRUE(end.revents & POLLHUP);
  ::close(alive);
}

TEST_F(SupervisorTest, RankInheritsNoDescriptor) {
  ASSERT_EQ(::dup2(events_, 77), 77);  // without close-on-exec
  Start("ls /proc/self/fd > $D/fds; exit 0");
  ::close(77);
  EXPECT_EQ(WaitForExit(), 0);
  EXPECT_EQ(Contents(folder_ + "/fds"), "0\n1\n2\n3\n4\n");  // 4 is ls reading the folder
}

TEST_F(SupervisorTest, RankStartsWithNoSignalBlocked) {
  // Not through a shell, which clears the mask itself.
  StartProgram({"/bin/cp", "/proc/self/status", folder_ + "/status"});
  EXPECT_EQ(WaitForExit(), 0);
  EXPECT_THAT(Contents(folder_ + "/status"), HasSubstr("SigBlk:\t0000000000000000\n"));
}

TEST_F(SupervisorTest, ManyRestartsLeakNeitherDescriptorsNorZombies) {
  Start(
      "echo run >> $D/runs; n=$(wc -l < $D/runs); ls /proc/$PPID/fd | wc -l > $D/fds$n; [ $n -lt 20 ] && exit 1; "
      "cat /proc/$PPID/task/$PPID/children > $D/children; exit 0");
  EXPECT_EQ(WaitForExit(), 0);
  EXPECT_EQ(Contents(folder_ + "/fds20"), Contents(folder_ + "/fds2"));
  const std::string children = Contents(folder_ + "/children");
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(children, ' ', absl::SkipWhitespace())).size(), 1u) << children;
}

}  // namespace
}  // namespace wan

// The real program: signals, exit codes, its own environment.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/client/fake_server.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

using testing::HasSubstr;
using testing::Not;

class ProcessTest : public testing::Test {
 protected:
  // Starts build/bin/wanctl with its streams in files.
  void Start(std::vector<std::string> arguments) {
    std::string program = std::string(std::getenv("WAN_BINARY_DIR")) + "/bin/wanctl";
    std::vector<char*> argv = {program.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::string server = "WANCTL_SERVER=" + server_.address();
    std::vector<char*> environment = {server.data()};
    for (std::string& variable : variables_) environment.push_back(variable.data());
    environment.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, folder_.File("out").c_str(), flags, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, folder_.File("err").c_str(), flags, 0600);
    ASSERT_EQ(posix_spawn(&process_, program.c_str(), &actions, nullptr, argv.data(), environment.data()), 0);
    posix_spawn_file_actions_destroy(&actions);
  }

  // The exit code, or minus the signal that ended it.
  int Wait() {
    int status = 0;
    EXPECT_EQ(waitpid(process_, &status, 0), process_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  std::string out() const { return ReadFile(folder_.File("out")); }
  std::string err() const { return ReadFile(folder_.File("err")); }

  TemporaryFolder folder_;
  FakeServer server_;
  std::vector<std::string> variables_;
  pid_t process_ = -1;
};

TEST_F(ProcessTest, InterruptDetachesGenerateFromItsJob) {
  server_.videos().AddWatch({.events = {MakeEvent(1, MakeJob("job-1", v1::JOB_STATE_RUNNING))}, .holds = true});
  Start({"generate", "--model", "m", "--prompt", "x", "--output", folder_.File("clip.mp4")});
  server_.videos().AwaitHold();
  ASSERT_EQ(kill(process_, SIGINT), 0);
  EXPECT_EQ(Wait(), 130);
  EXPECT_THAT(err(), HasSubstr("job job-1 goes on"));
  EXPECT_THAT(err(), HasSubstr("wanctl watch job-1"));
  EXPECT_TRUE(server_.videos().cancelled().empty());
  EXPECT_EQ(out(), "");
}

TEST_F(ProcessTest, InterruptedDownloadIsContinuedByTheNextOne) {
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes.push_back(static_cast<char>(i * 7));
  server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_SUCCEEDED));
  server_.videos().SetVideo("job-1", 0, bytes);
  server_.videos().AddDownload({.stops_after = 3000, .holds = true});
  const std::string path = folder_.File("clip.mp4");
  Start({"download", "job-1", "--output", path});
  server_.videos().AwaitHold();
  ASSERT_EQ(kill(process_, SIGINT), 0);
  EXPECT_EQ(Wait(), 130);
  EXPECT_THAT(err(), HasSubstr("wanctl download job-1 --output " + path));
  EXPECT_FALSE(FileExists(path));
  // The interrupt may come before the first bytes are there: then the next one begins at 0.
  const std::string kept = FileExists(path + ".part") ? ReadFile(path + ".part") : "";
  Start({"download", "job-1", "--output", path});
  EXPECT_EQ(Wait(), 0);
  EXPECT_EQ(ReadFile(path), bytes);
  EXPECT_EQ(server_.videos().downloads().back().offset(), static_cast<int64_t>(kept.size()));
}

TEST_F(ProcessTest, ExitCodeAndStreamsAreThoseOfTheCommand) {
  Start({"get", "none"});
  EXPECT_EQ(Wait(), 3);
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(), "wanctl: there is no job none (JOB_NOT_FOUND)\n");
  Start({"list", "-o", "json"});
  EXPECT_EQ(Wait(), 0);
  EXPECT_EQ(err(), "");
}

TEST_F(ProcessTest, VariablesOfTheProcessAreRead) {
  variables_ = {"WANCTL_SEED=99999999999999999999", "WANCTL_MODEL=m"};
  Start({"submit", "--prompt", "x"});
  EXPECT_EQ(Wait(), 2);
  EXPECT_THAT(err(), HasSubstr("WANCTL_SEED: \"99999999999999999999\""));
  Start({"submit", "--prompt", "x", "--seed", "3"});
  EXPECT_EQ(Wait(), 0);
  EXPECT_EQ(server_.videos().submits().back().spec().seed(), 3);
}

TEST_F(ProcessTest, FilesGetNeitherColourNorARewrittenLine) {
  variables_ = {"TERM=xterm-256color"};
  server_.videos().AddWatch({.events = {MakeEvent(1, MakeJob("job-1", v1::JOB_STATE_RUNNING)),
                                        MakeEvent(2, MakeJob("job-1", v1::JOB_STATE_FAILED))}});
  Start({"generate", "--model", "m", "--prompt", "x", "--output", folder_.File("clip.mp4")});
  EXPECT_EQ(Wait(), 1);
  EXPECT_THAT(err(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(err(), Not(HasSubstr("\r")));
  EXPECT_THAT(err(), HasSubstr("starting\n"));
}

}  // namespace
}  // namespace wan

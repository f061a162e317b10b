// Nothing is lost: a process is killed with SIGKILL in the middle of its writes, and what it had reported as done is
// there.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "server/job/sqlite_database.h"
#include "server/job/sqlite_job_store.h"
#include "tests/server/job/test_jobs.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

// A child process that reports lines through a pipe.
class Child {
 public:
  explicit Child(const std::function<void(int report)>& run) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is killed leaves no writer behind
      close(ends[0]);
      run(ends[1]);
      _exit(0);
    }
    close(ends[1]);
    report_ = ends[0];
  }
  ~Child() { close(report_); }

  // Kills it once it has reported `count` lines and `is_due`; all that it reported before it died.
  std::vector<std::string> KillAfter(
      size_t count, const std::function<bool()>& is_due = [] { return true; }) {
    std::vector<std::string> lines;
    std::string line;
    char c = 0;
    bool is_killed = false;
    while (read(report_, &c, 1) == 1) {
      if (c != '\n') {
        line += c;
        continue;
      }
      lines.push_back(std::exchange(line, ""));
      if (lines.size() < count || std::exchange(is_killed, true)) continue;
      while (!is_due()) std::this_thread::yield();
      kill(pid_, SIGKILL);
    }
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the child ended by itself";
    return lines;
  }

 private:
  pid_t pid_ = 0;
  int report_ = -1;
};

void Report(int report, const std::string& line) {
  const std::string bytes = line + "\n";
  if (write(report, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) _exit(1);
}

std::map<std::string, Job> AllJobs(JobStore& store) {
  std::map<std::string, Job> jobs;
  ListQuery query{.page_size = 1000};
  do {
    const auto page = store.List(query);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return jobs;
    for (const Job& job : page->jobs) jobs[job.id] = job;
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return jobs;
}

TEST(SqliteJobStoreCrash, EveryReportedJobSurvivesSigkillInTheMiddleOfInserting) {
  for (const size_t count : {1, 7, 30}) {
    const TemporaryFolder folder;
    const std::string path = folder.File("jobs.db");
    Child child([&](int report) {
      auto store = *SqliteJobStore::Open({.path = path});
      while (true) Report(report, store->Insert(TestJob(std::string(3000, 'x')), kNoLimit)->job.id);
    });
    const std::vector<std::string> reported = child.KillAfter(count);
    auto store = SqliteJobStore::Open({.path = path});
    ASSERT_TRUE(store.ok()) << store.status();
    const auto jobs = AllJobs(**store);
    for (const std::string& id : reported) EXPECT_EQ(jobs.count(id), 1u) << id;
    // At most the one insertion that was under way.
    EXPECT_LE(jobs.size(), reported.size() + 1);
    for (const auto& [id, job] : jobs) EXPECT_EQ(job.state, JobState::kQueued);
  }
}

TEST(SqliteJobStoreCrash, QueuedAndRunningJobsOfAKilledServerAllRunAgain) {
  const TemporaryFolder folder;
  const std::string path = folder.File("jobs.db");
  std::vector<std::string> inserted;
  {
    auto store = *SqliteJobStore::Open({.path = path});
    for (int i = 0; i < 40; ++i) inserted.push_back(store->Insert(TestJob(), kNoLimit)->job.id);
  }
  // Claims jobs and settles every other one, so that the kill hits claims, renewals and settlements.
  Child child([&](int report) {
    auto store = *SqliteJobStore::Open({.path = path});
    for (int i = 0;; ++i) {
      const auto job = store->Claim(TestClaim());
      if (!job->has_value()) continue;
      Report(report, "claimed " + (*job)->id);
      if (!store->RenewLease((*job)->id, "server-a", 1, absl::Seconds(9)).ok()) _exit(1);
      if (i % 2 == 1) continue;
      JobUpdate done{.to = JobState::kSucceeded};
      done.videos = {{.index = 0, .sha256 = "ab"}, {.index = 1, .sha256 = "cd"}};
      if (!store->Transition((*job)->id, JobState::kRunning, done).ok()) _exit(1);
      Report(report, "done " + (*job)->id);
    }
  });
  const std::vector<std::string> reported = child.KillAfter(15);

  auto store = *SqliteJobStore::Open({.path = path});
  ASSERT_TRUE(store->RecoverOwn("server-a").ok());
  auto jobs = AllJobs(*store);
  ASSERT_EQ(jobs.size(), inserted.size());
  for (const std::string& line : reported) {
    if (line.rfind("done ", 0) != 0) continue;
    EXPECT_EQ(jobs[line.substr(5)].state, JobState::kSucceeded) << line;
  }
  size_t to_run = 0;
  for (const auto& [id, job] : jobs) {
    EXPECT_TRUE(job.state == JobState::kQueued || job.state == JobState::kSucceeded) << JobStateName(job.state);
    EXPECT_EQ(job.videos.size(), job.state == JobState::kSucceeded ? 2u : 0u);
    EXPECT_EQ(job.charged_attempts, 0);
    if (job.state == JobState::kQueued) ++to_run;
  }
  EXPECT_GT(to_run, 0u);
  for (size_t i = 0; i < to_run; ++i) EXPECT_TRUE(store->Claim(TestClaim())->has_value());
  EXPECT_FALSE(store->Claim(TestClaim())->has_value());
}

TEST(SqliteJobStoreCrash, HalfWrittenSettlementLeavesTheJobRunningWithoutVideos) {
  const TemporaryFolder folder;
  const std::string path = folder.File("jobs.db");
  Child child([&](int report) {
    auto store = *SqliteJobStore::Open({.path = path});
    const Job job = store->Insert(TestJob(), kNoLimit)->job;
    (void)store->Claim(TestClaim());
    JobUpdate done{.to = JobState::kSucceeded};
    for (int i = 0; i < 1'000'000; ++i) done.videos.push_back({.index = i});  // a second and more of writing
    Report(report, job.id);
    (void)store->Transition(job.id, JobState::kRunning, done);
  });
  // What does not fit into the cache goes to the log long before the commit.
  const auto is_writing = [&] {
    std::error_code absent;
    const auto size = std::filesystem::file_size(path + "-wal", absent);
    return !absent && size > 1'000'000;
  };
  const std::string id = child.KillAfter(1, is_writing).at(0);
  auto store = *SqliteJobStore::Open({.path = path});
  const auto job = store->Get(id);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state, JobState::kRunning);
  store.reset();
  const auto videos = (*SqliteDatabase::Open(path, absl::Seconds(1)))->Query("SELECT count(*) FROM videos");
  ASSERT_TRUE(videos.ok()) << videos.status();
  EXPECT_EQ(std::get<int64_t>(videos->at(0).at(0)), 0);
}

}  // namespace
}  // namespace wan

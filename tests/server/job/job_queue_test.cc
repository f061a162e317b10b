#include "server/job/job_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"
#include "common/error.h"
#include "server/job/sqlite_job_store.h"
#include "tests/server/job/test_jobs.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

constexpr auto kAlways = [] { return true; };

class JobQueueTest : public testing::Test {
 protected:
  Job SubmitAndClaim() {
    EXPECT_TRUE(queue_.Submit(TestJob()).ok());
    return ClaimNow();
  }
  Job ClaimNow() {
    const auto job = queue_.Claim(TestClaim(), absl::ZeroDuration(), kAlways);
    EXPECT_TRUE(job.ok() && job->has_value());
    return job.ok() ? job->value_or(Job()) : Job();
  }

  const TemporaryFolder folder_;
  const std::unique_ptr<SqliteJobStore> store_ = SqliteJobStore::Open({.path = folder_.File("jobs.db")}).value();
  JobQueue queue_{*store_, {.max_queued_jobs = 3, .max_attempts = 2}};
};

TEST_F(JobQueueTest, SubmissionWakesAWaitingClaim) {
  absl::Notification is_waiting;
  std::optional<Job> claimed;
  std::jthread runner([&] {
    const auto job = queue_.Claim(TestClaim(), absl::InfiniteDuration(), [&] {
      if (!is_waiting.HasBeenNotified()) is_waiting.Notify();
      return true;
    });
    ASSERT_TRUE(job.ok());
    claimed = *job;
  });
  is_waiting.WaitForNotification();
  const auto submitted = queue_.Submit(TestJob());
  ASSERT_TRUE(submitted.ok());
  runner.join();
  ASSERT_TRUE(claimed.has_value());
  EXPECT_EQ(claimed->id, submitted->job.id);
}

TEST_F(JobQueueTest, SubmissionOfAnotherModelWakesNobody) {
  absl::Notification is_waiting;
  std::atomic<int> asked = 0;
  std::atomic<bool> may_claim = true;
  std::jthread runner([&] {
    const auto job = queue_.Claim(TestClaim({"other"}), absl::InfiniteDuration(), [&] {
      if (++asked == 1) is_waiting.Notify();
      return may_claim.load();
    });
    EXPECT_TRUE(job.ok() && !job->has_value());
  });
  is_waiting.WaitForNotification();
  ASSERT_TRUE(queue_.Submit(TestJob()).ok());
  may_claim = false;
  queue_.Wake();
  runner.join();
  EXPECT_EQ(asked, 2);  // at first and for Wake()
}

TEST_F(JobQueueTest, ClaimGivesUpAfterItsTimeout) {
  const auto job = queue_.Claim(TestClaim(), absl::Milliseconds(1), kAlways);
  ASSERT_TRUE(job.ok());
  EXPECT_FALSE(job->has_value());
}

TEST_F(JobQueueTest, ClaimTakesNothingWhenItMayNot) {
  ASSERT_TRUE(queue_.Submit(TestJob()).ok());
  const auto job = queue_.Claim(TestClaim(), absl::InfiniteDuration(), [] { return false; });
  ASSERT_TRUE(job.ok());
  EXPECT_FALSE(job->has_value());
  EXPECT_EQ(store_->CountQueued()->at(0).count, 1);
}

TEST_F(JobQueueTest, LimitRefusesTheNextJob) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue_.Submit(TestJob()).ok());
  EXPECT_TRUE(HasReason(queue_.Submit(TestJob()).status(), kQueueFull));
}

TEST_F(JobQueueTest, LostJobRunsAgainUntilItsAttemptsAreSpent) {
  Job job = SubmitAndClaim();
  const absl::Status cause = MakeError(absl::StatusCode::kUnavailable, kRingLost, "connection closed", {{"rank", "1"}});
  auto back = queue_.ReturnLost(job, cause);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->state, JobState::kQueued);
  job = ClaimNow();
  EXPECT_EQ(job.attempt, 2);
  back = queue_.ReturnLost(job, cause);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->state, JobState::kFailed);
  EXPECT_EQ(back->error.code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(HasReason(back->error, kRingLost));
  EXPECT_EQ(GetErrorDetails(back->error).metadata.at("rank"), "1");
}

TEST_F(JobQueueTest, ServerCrashesAndDrainsAndBusyRingsChargeNoAttempt) {
  Job job = SubmitAndClaim();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(store_->RecoverOwn("server-a").ok());
    job = ClaimNow();
    ASSERT_TRUE(queue_.ReturnForDrain(job).ok());
    job = ClaimNow();
    ASSERT_TRUE(queue_.ReturnUnstarted(job).ok());
    job = ClaimNow();
  }
  const auto back = queue_.ReturnLost(job, absl::UnavailableError("gone"));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->state, JobState::kQueued);
}

TEST_F(JobQueueTest, ReturnedJobWakesAnotherRing) {
  const Job job = SubmitAndClaim();
  absl::Notification is_waiting;
  std::optional<Job> claimed;
  std::jthread runner([&] {
    const auto again = queue_.Claim(TestClaim(), absl::InfiniteDuration(), [&] {
      if (!is_waiting.HasBeenNotified()) is_waiting.Notify();
      return true;
    });
    ASSERT_TRUE(again.ok());
    claimed = *again;
  });
  is_waiting.WaitForNotification();
  ASSERT_TRUE(queue_.ReturnForDrain(job).ok());
  runner.join();
  EXPECT_EQ(claimed->id, job.id);
}

TEST_F(JobQueueTest, JobThatWasCancelledMeanwhileIsNotQueuedAgain) {
  const Job job = SubmitAndClaim();
  ASSERT_TRUE(store_->RequestCancel(job.id).ok());
  const auto back = queue_.ReturnLost(job, absl::UnavailableError("gone"));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->state, JobState::kCancelled);
}

TEST_F(JobQueueTest, SettledJobCannotBeReturned) {
  const Job job = SubmitAndClaim();
  ASSERT_TRUE(store_->Transition(job.id, JobState::kRunning, {.to = JobState::kSucceeded}).ok());
  EXPECT_EQ(queue_.ReturnLost(job, absl::UnavailableError("gone")).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace wan

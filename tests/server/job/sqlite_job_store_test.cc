#include "server/job/sqlite_job_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "common/error.h"
#include "tests/server/job/test_jobs.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SqliteJobStoreTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    store_.reset();
    auto store = SqliteJobStore::Open({.path = folder_.File("sub/jobs.db"), .now = [this] { return clock_.Now(); }});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  Job Insert(const NewJob& job) {
    auto inserted = store_->Insert(job, kNoLimit);
    EXPECT_TRUE(inserted.ok()) << inserted.status();
    return inserted.ok() ? inserted->job : Job();
  }
  Job Claim(const ClaimFilter& filter = TestClaim()) {
    auto job = store_->Claim(filter);
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? job->value_or(Job()) : Job();
  }
  Job Get(const std::string& id) {
    auto job = store_->Get(id);
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? *job : Job();
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  std::unique_ptr<SqliteJobStore> store_;
};

void ExpectEqual(const Job& a, const Job& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.request_id, b.request_id);
  EXPECT_EQ(a.request_fingerprint, b.request_fingerprint);
  EXPECT_EQ(a.resolved.spec, b.resolved.spec);
  EXPECT_EQ(a.resolved.origins, b.resolved.origins);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.create_time, b.create_time);
  EXPECT_EQ(a.start_time, b.start_time);
  EXPECT_EQ(a.end_time, b.end_time);
  EXPECT_EQ(a.attempt, b.attempt);
  EXPECT_EQ(a.charged_attempts, b.charged_attempts);
  EXPECT_EQ(a.max_attempts, b.max_attempts);
  EXPECT_EQ(a.ring, b.ring);
  EXPECT_EQ(a.lease_owner, b.lease_owner);
  EXPECT_EQ(a.lease_until, b.lease_until);
  EXPECT_EQ(a.cancel_requested, b.cancel_requested);
  EXPECT_EQ(a.error.code(), b.error.code());
  EXPECT_EQ(a.error.message(), b.error.message());
  EXPECT_EQ(a.videos, b.videos);
  EXPECT_EQ(a.sequence, b.sequence);
}

TEST_F(SqliteJobStoreTest, EveryFieldSurvivesAReopen) {
  NewJob request = TestJob();
  request.request_id = "6b1e7c8e-0d5a-4f55-9f5e-2f4a3b9b1c11";
  Insert(request);
  clock_.Advance(absl::Seconds(1) + absl::Nanoseconds(1500));
  const Job running = Claim();
  Reopen();
  ExpectEqual(Get(running.id), running);

  clock_.Advance(absl::Seconds(1));
  JobUpdate update{.to = JobState::kSucceeded};
  update.videos = {{0, 6687881544318117707, VideoCodec::kH264, "mp4", int64_t{1} << 40, "ab", 5},
                   {1, 6687881544318117708, VideoCodec::kFfv1, "mkv", 7, "cd", 5}};
  const auto done = store_->Transition(running.id, JobState::kRunning, update);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->videos.size(), 2u);
  EXPECT_EQ(done->end_time, *done->start_time + absl::Seconds(1));
  Reopen();
  ExpectEqual(Get(running.id), *done);
}

TEST_F(SqliteJobStoreTest, ErrorOfAFailedJobKeepsItsDetails) {
  Insert(TestJob());
  const Job job = Claim();
  JobUpdate update{.to = JobState::kFailed};
  update.error = MakeError(absl::StatusCode::kDataLoss, kNonFinite, "not finite", {{"step", "3"}});
  ASSERT_TRUE(store_->Transition(job.id, JobState::kRunning, update).ok());
  Reopen();
  EXPECT_EQ(GetErrorDetails(Get(job.id).error).metadata.at("step"), "3");
}

TEST_F(SqliteJobStoreTest, RepeatedRequestIdReturnsFirstJob) {
  NewJob request = TestJob();
  request.request_id = "r";
  const Job first = Insert(request);
  request.resolved.spec.seed = 7;  // the server chose another seed for the same request
  Reopen();
  const auto again = store_->Insert(request, 0);  // a full queue does not refuse it
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->is_new);
  ExpectEqual(again->job, first);
}

TEST_F(SqliteJobStoreTest, RequestIdWithAnotherRequestIsRefused) {
  NewJob request = TestJob("one");
  request.request_id = "r";
  const Job first = Insert(request);
  NewJob other = TestJob("two");
  other.request_id = "r";
  const auto refused = store_->Insert(other, kNoLimit);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(HasReason(refused.status(), kRequestIdReused));
  EXPECT_EQ(GetErrorDetails(refused.status()).metadata.at("job_id"), first.id);
}

TEST_F(SqliteJobStoreTest, JobsWithoutRequestIdAreAllNew) { EXPECT_NE(Insert(TestJob()).id, Insert(TestJob()).id); }

TEST_F(SqliteJobStoreTest, FullQueueRefusesUntilAJobLeavesIt) {
  ASSERT_TRUE(store_->Insert(TestJob(), 2).ok());
  ASSERT_TRUE(store_->Insert(TestJob(), 2).ok());
  const auto refused = store_->Insert(TestJob(), 2);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(HasReason(refused.status(), kQueueFull));
  Claim();
  EXPECT_TRUE(store_->Insert(TestJob(), 2).ok());
}

TEST_F(SqliteJobStoreTest, ClaimTakesTheOldestOfTheRingsModels) {
  const Job other = Insert(TestJob("a", "other"));
  const Job first = Insert(TestJob("b"));
  const Job second = Insert(TestJob("c"));
  EXPECT_EQ(Claim().id, first.id);
  EXPECT_EQ(Claim(TestClaim({"m", "other"})).id, other.id);
  EXPECT_EQ(Claim().id, second.id);
  const auto none = store_->Claim(TestClaim());
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
}

TEST_F(SqliteJobStoreTest, ClaimSetsAttemptRingAndLease) {
  Insert(TestJob());
  const Job job = Claim();
  EXPECT_EQ(job.state, JobState::kRunning);
  EXPECT_EQ(job.attempt, 1);
  EXPECT_EQ(job.ring, "ring-0");
  EXPECT_EQ(job.lease_owner, "server-a");
  EXPECT_EQ(job.start_time, clock_.Now());
  EXPECT_EQ(job.lease_until, clock_.Now() + absl::Seconds(60));
}

TEST_F(SqliteJobStoreTest, EachJobIsClaimedOnceByManyThreads) {
  for (int i = 0; i < 40; ++i) Insert(TestJob());
  std::vector<std::vector<std::string>> claimed(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : claimed) {
      threads.emplace_back([&] {
        while (true) {
          const auto job = store_->Claim(TestClaim());
          if (!job.ok() || !job->has_value()) return;
          mine.push_back((*job)->id);
        }
      });
    }
  }
  std::set<std::string> all;
  size_t count = 0;
  for (const auto& mine : claimed) {
    all.insert(mine.begin(), mine.end());
    count += mine.size();
  }
  EXPECT_EQ(count, 40u);
  EXPECT_EQ(all.size(), 40u);
}

TEST_F(SqliteJobStoreTest, TransitionFromAnotherStateChangesNothing) {
  const Job job = Insert(TestJob());
  const auto refused = store_->Transition(job.id, JobState::kRunning, {.to = JobState::kSucceeded});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("is QUEUED"));
  ExpectEqual(Get(job.id), job);
}

TEST_F(SqliteJobStoreTest, IllegalTransitionChangesNothing) {
  const Job job = Insert(TestJob());
  const auto refused = store_->Transition(job.id, JobState::kQueued, {.to = JobState::kSucceeded});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("from QUEUED to SUCCEEDED"));
  EXPECT_FALSE(store_->Transition(job.id, JobState::kQueued, {.to = JobState::kRunning}).ok());
  ExpectEqual(Get(job.id), job);
}

TEST_F(SqliteJobStoreTest, SettlerOfAnEarlierAttemptChangesNothing) {
  Insert(TestJob());
  const Job first = Claim();
  ASSERT_TRUE(store_->Transition(first.id, JobState::kRunning, {.to = JobState::kQueued, .attempt = 1}).ok());
  const Job second = Claim();
  EXPECT_EQ(second.attempt, 2);
  JobUpdate late{.to = JobState::kFailed, .attempt = 1, .error = absl::AbortedError("late")};
  EXPECT_EQ(store_->Transition(first.id, JobState::kRunning, late).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ExpectEqual(Get(first.id), second);
}

TEST_F(SqliteJobStoreTest, RequeuedJobKeepsItsPlaceAndLosesItsLease) {
  const Job first = Insert(TestJob("a"));
  Insert(TestJob("b"));
  Claim();
  const auto back = store_->Transition(first.id, JobState::kRunning, {.to = JobState::kQueued, .charge_attempt = true});
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->charged_attempts, 1);
  EXPECT_EQ(back->lease_owner, "");
  EXPECT_FALSE(back->lease_until.has_value());
  EXPECT_EQ(Claim().id, first.id);
}

TEST_F(SqliteJobStoreTest, UndoneClaimSpendsNoAttempt) {
  Insert(TestJob());
  const Job job = Claim();
  const auto back = store_->Transition(job.id, JobState::kRunning, {.to = JobState::kQueued, .undo_claim = true});
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->attempt, 0);
  EXPECT_FALSE(back->start_time.has_value());
  EXPECT_EQ(back->ring, "");
  EXPECT_EQ(Claim().attempt, 1);
}

TEST_F(SqliteJobStoreTest, CancelOfAQueuedJobEndsIt) {
  const Job job = Insert(TestJob());
  const auto cancelled = store_->RequestCancel(job.id);
  ASSERT_TRUE(cancelled.ok());
  EXPECT_EQ(cancelled->state, JobState::kCancelled);
  EXPECT_TRUE(HasReason(cancelled->error, kJobCancelled));
  EXPECT_EQ(cancelled->end_time, clock_.Now());
  EXPECT_FALSE((*store_->Claim(TestClaim())).has_value());
}

TEST_F(SqliteJobStoreTest, CancelOfARunningJobIsRememberedAndKeepsItOutOfTheQueue) {
  Insert(TestJob());
  const Job job = Claim();
  const auto asked = store_->RequestCancel(job.id);
  ASSERT_TRUE(asked.ok());
  EXPECT_EQ(asked->state, JobState::kRunning);
  EXPECT_TRUE(asked->cancel_requested);
  EXPECT_GT(asked->sequence, job.sequence);
  const auto back = store_->Transition(job.id, JobState::kRunning, {.to = JobState::kQueued});
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->state, JobState::kCancelled);
  EXPECT_TRUE(HasReason(back->error, kJobCancelled));
}

TEST_F(SqliteJobStoreTest, CancelOfAFinishedJobDoesNothing) {
  Insert(TestJob());
  const Job job = Claim();
  const auto done = store_->Transition(job.id, JobState::kRunning, {.to = JobState::kSucceeded});
  ASSERT_TRUE(done.ok());
  const auto cancelled = store_->RequestCancel(job.id);
  ASSERT_TRUE(cancelled.ok());
  ExpectEqual(*cancelled, *done);
  ExpectEqual(Get(job.id), *done);
}

TEST_F(SqliteJobStoreTest, UnknownJobIsNotFound) {
  for (const absl::Status& status :
       {store_->Get("nope").status(), store_->RequestCancel("nope").status(), store_->QueuePosition("nope").status(),
        store_->Transition("nope", JobState::kQueued, {.to = JobState::kRunning}).status(),
        store_->RenewLease("nope", "server-a", 1, absl::Seconds(1))}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
    EXPECT_TRUE(HasReason(status, kJobNotFound)) << status;
  }
}

TEST_F(SqliteJobStoreTest, ListGoesFromNewestToOldestInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.insert(ids.begin(), Insert(TestJob()).id);
  std::vector<std::string> listed;
  ListQuery query{.page_size = 2};
  int pages = 0;
  do {
    const auto page = store_->List(query);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LE(page->jobs.size(), 2u);
    for (const Job& job : page->jobs) listed.push_back(job.id);
    query.page_token = page->next_page_token;
    if (++pages == 1) Insert(TestJob());  // newer than the pages to come: in none of them
  } while (!query.page_token.empty());
  EXPECT_EQ(listed, ids);
  EXPECT_EQ(pages, 3);
}

TEST_F(SqliteJobStoreTest, ListEndsWithoutATokenWhenTheLastPageIsFull) {
  Insert(TestJob());
  Insert(TestJob());
  EXPECT_EQ(store_->List({.page_size = 2})->next_page_token, "");
}

TEST_F(SqliteJobStoreTest, ListFiltersByStates) {
  const Job running = Insert(TestJob());
  const Job cancelled = Insert(TestJob());
  const Job queued = Insert(TestJob());
  Claim();
  ASSERT_TRUE(store_->RequestCancel(cancelled.id).ok());
  const auto ids = [&](std::vector<JobState> states) {
    std::vector<std::string> result;
    const auto page = store_->List({.states = std::move(states)});
    for (const Job& job : page.value().jobs) result.push_back(job.id);
    return result;
  };
  EXPECT_THAT(ids({JobState::kQueued}), ElementsAre(queued.id));
  EXPECT_THAT(ids({JobState::kCancelled, JobState::kRunning, JobState::kRunning}),
              ElementsAre(cancelled.id, running.id));
  EXPECT_THAT(ids({}), ElementsAre(queued.id, cancelled.id, running.id));
  EXPECT_THAT(ids({JobState::kExpired}), ElementsAre());
}

TEST_F(SqliteJobStoreTest, ForeignPageTokenIsRefused) {
  for (const char* token : {"x", "!!", "MTIz", "YmVmb3JlOng"}) {  // the last is "before:x"
    const auto refused = store_->List({.page_token = token});
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument) << token;
    EXPECT_TRUE(HasReason(refused.status(), kInvalidRequest)) << token;
  }
}

TEST_F(SqliteJobStoreTest, QueuePositionCountsOlderJobsOfTheSameModel) {
  Insert(TestJob("a", "other"));
  const Job first = Insert(TestJob("b"));
  const Job second = Insert(TestJob("c"));
  EXPECT_EQ(*store_->QueuePosition(first.id), 1);
  EXPECT_EQ(*store_->QueuePosition(second.id), 2);
  Claim();
  EXPECT_EQ(*store_->QueuePosition(first.id), 0);
  EXPECT_EQ(*store_->QueuePosition(second.id), 1);
}

TEST_F(SqliteJobStoreTest, LeaseIsRenewedOnlyByItsAttemptAndOwner) {
  Insert(TestJob());
  const Job job = Claim();
  clock_.Advance(absl::Seconds(30));
  ASSERT_TRUE(store_->RenewLease(job.id, "server-a", 1, absl::Seconds(60)).ok());
  EXPECT_EQ(Get(job.id).lease_until, clock_.Now() + absl::Seconds(60));
  EXPECT_EQ(Get(job.id).sequence, job.sequence);
  for (const absl::Status& status : {store_->RenewLease(job.id, "server-b", 1, absl::Seconds(60)),
                                     store_->RenewLease(job.id, "server-a", 2, absl::Seconds(60))}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  }
  ASSERT_TRUE(store_->Transition(job.id, JobState::kRunning, {.to = JobState::kSucceeded}).ok());
  EXPECT_FALSE(store_->RenewLease(job.id, "server-a", 1, absl::Seconds(60)).ok());
}

TEST_F(SqliteJobStoreTest, RestartTakesBackOwnRunningJobsWithoutCharge) {
  const Job mine = Insert(TestJob("a"));
  const Job asked_to_cancel = Insert(TestJob("b"));
  const Job of_another = Insert(TestJob("c"));
  const Job queued = Insert(TestJob("d"));
  Claim();
  Claim();
  ClaimFilter another = TestClaim();
  another.owner = "server-b";
  Claim(another);
  ASSERT_TRUE(store_->RequestCancel(asked_to_cancel.id).ok());
  Reopen();
  const auto recovered = store_->RecoverOwn("server-a");
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  ASSERT_EQ(recovered->size(), 2u);
  EXPECT_EQ(Get(mine.id).state, JobState::kQueued);
  EXPECT_EQ(Get(mine.id).attempt, 1);
  EXPECT_EQ(Get(mine.id).charged_attempts, 0);
  EXPECT_EQ(Get(asked_to_cancel.id).state, JobState::kCancelled);
  EXPECT_EQ(Get(of_another.id).state, JobState::kRunning);
  EXPECT_EQ(Get(queued.id).state, JobState::kQueued);
  EXPECT_EQ(Claim().id, mine.id);
}

TEST_F(SqliteJobStoreTest, IdsGrowOverARestartWithTheClockSetBack) {
  const std::string before = Insert(TestJob()).id;
  clock_.Advance(-absl::Hours(10));
  Reopen();
  EXPECT_LT(before, Insert(TestJob()).id);
}

TEST_F(SqliteJobStoreTest, CountQueuedGivesNumberAndAgePerModel) {
  const absl::Time first = clock_.Now();
  Insert(TestJob("a"));
  clock_.Advance(absl::Seconds(5));
  Insert(TestJob("b"));
  Insert(TestJob("c", "other"));
  Claim(TestClaim({"other"}));
  const auto queued = store_->CountQueued();
  ASSERT_TRUE(queued.ok());
  ASSERT_EQ(queued->size(), 1u);
  EXPECT_EQ((*queued)[0].model, "m");
  EXPECT_EQ((*queued)[0].count, 2);
  EXPECT_EQ((*queued)[0].oldest_create_time, first);
}

}  // namespace
}  // namespace wan

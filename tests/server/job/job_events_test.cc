#include "server/job/job_events.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"

namespace wan {
namespace {

Job JobAt(int64_t sequence, JobState state, int attempt = 1) {
  Job job;
  job.id = "J";
  job.sequence = sequence;
  job.state = state;
  job.attempt = attempt;
  return job;
}

wan::v1::Progress Step(int step) {
  wan::v1::Progress progress;
  progress.set_phase(wan::v1::PHASE_DENOISING);
  progress.set_step(step);
  return progress;
}

TEST(JobEvents, SlowWatcherSeesOnlyTheNewest) {
  JobEvents events;
  int wakes = 0;
  const auto subscription = events.Subscribe("J", [&] { ++wakes; });
  EXPECT_FALSE(subscription->Take().has_value());
  events.Publish(JobAt(2, JobState::kRunning));
  for (int step = 1; step <= 5; ++step) events.PublishProgress("J", 1, Step(step));
  EXPECT_EQ(wakes, 6);
  const auto snapshot = subscription->Take();
  ASSERT_TRUE(snapshot.has_value());
  EXPECT_EQ(snapshot->progress->step(), 5);
  EXPECT_FALSE(subscription->Take().has_value());
}

TEST(JobEvents, SequenceGrowsThroughProgressAndStateChanges) {
  JobEvents events;
  const auto subscription = events.Subscribe("J", [] {});
  int64_t last = -1;
  const auto expect_growth = [&] {
    const auto snapshot = subscription->Take();
    ASSERT_TRUE(snapshot.has_value());
    EXPECT_GT(snapshot->sequence, last);
    last = snapshot->sequence;
  };
  events.Publish(JobAt(1, JobState::kQueued, 0));
  expect_growth();
  events.QueueMoved();
  expect_growth();
  events.Publish(JobAt(2, JobState::kRunning));
  expect_growth();
  for (int step = 0; step < 100; ++step) {
    events.PublishProgress("J", 1, Step(step));
    expect_growth();
  }
  events.Publish(JobAt(3, JobState::kSucceeded));
  expect_growth();
}

TEST(JobEvents, SequenceGrowsOverARestart) {
  int64_t before = 0;
  {
    JobEvents events;
    const auto subscription = events.Subscribe("J", [] {});
    events.Publish(JobAt(2, JobState::kRunning));
    for (int step = 0; step < 1000; ++step) events.PublishProgress("J", 1, Step(step));
    before = subscription->Take()->sequence;
  }
  JobEvents events;
  const auto subscription = events.Subscribe("J", [] {});
  events.Publish(JobAt(3, JobState::kQueued));  // as recovered
  EXPECT_GT(subscription->Take()->sequence, before);
}

TEST(JobEvents, OlderStateIsIgnored) {
  JobEvents events;
  const auto subscription = events.Subscribe("J", [] {});
  events.Publish(JobAt(3, JobState::kSucceeded));
  events.Publish(JobAt(2, JobState::kRunning));
  EXPECT_EQ(subscription->Take()->job.state, JobState::kSucceeded);
}

TEST(JobEvents, ProgressOfAnotherAttemptIsIgnored) {
  JobEvents events;
  const auto subscription = events.Subscribe("J", [] {});
  events.Publish(JobAt(4, JobState::kRunning, 2));
  ASSERT_TRUE(subscription->Take().has_value());
  events.PublishProgress("J", 1, Step(9));
  EXPECT_FALSE(subscription->Take().has_value());
}

TEST(JobEvents, NewAttemptStartsWithoutOldProgressButACancelRequestKeepsIt) {
  JobEvents events;
  const auto subscription = events.Subscribe("J", [] {});
  events.Publish(JobAt(2, JobState::kRunning));
  events.PublishProgress("J", 1, Step(9));
  events.Publish(JobAt(3, JobState::kRunning));
  EXPECT_EQ(subscription->Take()->progress->step(), 9);
  EXPECT_EQ(events.ProgressOf(JobAt(3, JobState::kRunning))->step(), 9);
  events.Publish(JobAt(4, JobState::kQueued));
  EXPECT_FALSE(subscription->Take()->progress.has_value());
  events.Publish(JobAt(5, JobState::kRunning, 2));
  EXPECT_FALSE(subscription->Take()->progress.has_value());
  EXPECT_FALSE(events.ProgressOf(JobAt(5, JobState::kRunning, 2)).has_value());
}

TEST(JobEvents, FinishedJobIsForgottenOnceNobodyWatches) {
  JobEvents events;
  events.Publish(JobAt(1, JobState::kQueued, 0));
  EXPECT_EQ(events.size(), 1u);
  auto first = events.Subscribe("J", [] {});
  auto second = events.Subscribe("J", [] {});
  events.Publish(JobAt(2, JobState::kCancelled, 0));
  first.reset();
  EXPECT_EQ(events.size(), 1u);
  EXPECT_EQ(second->Take()->job.state, JobState::kCancelled);
  second.reset();
  EXPECT_EQ(events.size(), 0u);
}

TEST(JobEvents, UnwatchedJobsLeaveNothingBehind) {
  JobEvents events;
  events.Publish(JobAt(1, JobState::kQueued, 0));
  events.Publish(JobAt(2, JobState::kRunning));
  events.Publish(JobAt(3, JobState::kFailed));
  EXPECT_EQ(events.size(), 0u);
  events.Publish(JobAt(3, JobState::kFailed));  // a settled job seen again
  EXPECT_EQ(events.size(), 0u);
  events.Subscribe("unknown", [] {}).reset();
  EXPECT_EQ(events.size(), 0u);
}

TEST(JobEvents, QueueMoveWakesWatchersOfQueuedJobsOnly) {
  JobEvents events;
  int queued_wakes = 0;
  int running_wakes = 0;
  Job running = JobAt(2, JobState::kRunning);
  running.id = "R";
  events.Publish(JobAt(1, JobState::kQueued, 0));
  events.Publish(running);
  const auto queued = events.Subscribe("J", [&] { ++queued_wakes; });
  const auto other = events.Subscribe("R", [&] { ++running_wakes; });
  ASSERT_TRUE(queued->Take().has_value());
  events.QueueMoved();
  EXPECT_EQ(queued_wakes, 1);
  EXPECT_EQ(running_wakes, 0);
  EXPECT_TRUE(queued->Take().has_value());
}

TEST(JobEvents, WakeMayTakeWhileOthersPublish) {
  JobEvents events;
  std::unique_ptr<JobEvents::Subscription> subscription;
  std::atomic<int> newest = -1;
  subscription = events.Subscribe("J", [&] {
    if (const auto snapshot = subscription->Take(); snapshot.has_value() && snapshot->progress.has_value()) {
      newest = snapshot->progress->step();
    }
  });
  events.Publish(JobAt(2, JobState::kRunning));
  {
    std::jthread publisher([&] {
      for (int step = 0; step <= 1000; ++step) events.PublishProgress("J", 1, Step(step));
    });
    std::jthread mover([&] {
      for (int i = 0; i < 1000; ++i) events.QueueMoved();
    });
  }
  EXPECT_EQ(newest, 1000);
}

TEST(JobEvents, EndOfSubscriptionWaitsForARunningWakeAndEndsThem) {
  JobEvents events;
  absl::Notification in_wake;
  absl::Notification leave_wake;
  std::atomic<bool> is_done = false;
  std::atomic<bool> woke_after_end = false;
  std::atomic<bool> has_ended = false;
  auto subscription = events.Subscribe("J", [&] {
    if (has_ended) woke_after_end = true;
    if (in_wake.HasBeenNotified()) return;
    in_wake.Notify();
    leave_wake.WaitForNotification();
    is_done = true;
  });
  std::jthread publisher([&] { events.Publish(JobAt(2, JobState::kRunning)); });
  in_wake.WaitForNotification();
  std::jthread closer([&] {
    subscription.reset();
    EXPECT_TRUE(is_done);
    has_ended = true;
  });
  leave_wake.Notify();
  closer.join();
  events.PublishProgress("J", 1, Step(1));
  EXPECT_FALSE(woke_after_end);
}

TEST(JobEvents, SubscriptionThatEndsDuringAPublishIsNotWoken) {
  JobEvents events;
  int wakes = 0;
  std::unique_ptr<JobEvents::Subscription> first;
  std::unique_ptr<JobEvents::Subscription> second;
  // Whichever is woken first ends the other.
  first = events.Subscribe("J", [&] {
    ++wakes;
    second.reset();
  });
  second = events.Subscribe("J", [&] {
    ++wakes;
    first.reset();
  });
  events.Publish(JobAt(2, JobState::kRunning));
  EXPECT_EQ(wakes, 1);
}

}  // namespace
}  // namespace wan

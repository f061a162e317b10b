#include "worker/ring/ring_status.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/error.h"

namespace wan {
namespace {

TEST(RingStatus, TakesNoJobBeforeItsModelsAreLoaded) {
  RingStatus status(RingInfo{});
  EXPECT_TRUE(HasReason(status.BeginJob("a"), kRingBusy));
  status.SetLoading();
  EXPECT_TRUE(HasReason(status.BeginJob("a"), kRingBusy));
  status.SetReady("f32");
  EXPECT_TRUE(status.BeginJob("a").ok());
}

TEST(RingStatus, SecondJobIsRefusedAsBusyUntilTheFirstEnds) {
  RingStatus status(RingInfo{});
  status.SetReady("f32");
  ASSERT_TRUE(status.BeginJob("a").ok());
  const absl::Status busy = status.BeginJob("b");
  EXPECT_EQ(busy.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(HasReason(busy, kRingBusy));
  status.EndJob();
  EXPECT_TRUE(status.BeginJob("b").ok());
}

TEST(RingStatus, DrainingRingKeepsItsJobAndRefusesOthers) {
  RingStatus status(RingInfo{});
  status.SetReady("f32");
  ASSERT_TRUE(status.BeginJob("a").ok());
  status.Drain();
  EXPECT_EQ(status.Get().state, RingState::kDraining);
  EXPECT_EQ(status.Get().job_id, "a");
  std::thread ends([&] { status.EndJob(); });
  status.WaitUntilOver();
  const absl::Status refused = status.BeginJob("b");
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(HasReason(refused, kRingDraining));
  ends.join();
}

TEST(RingStatus, RingThatDrainsWhileLoadingNeverBecomesReady) {
  RingStatus status(RingInfo{});
  status.SetLoading();
  status.Drain();
  status.SetReady("f32");
  EXPECT_EQ(status.Get().state, RingState::kDraining);
}

TEST(RingStatus, FailedRingIsLost) {
  RingStatus status(RingInfo{});
  status.SetReady("f32");
  status.Fail();
  status.WaitUntilOver();
  EXPECT_TRUE(HasReason(status.BeginJob("a"), kRingLost));
}

TEST(RingStatus, WatcherSeesEachChangeAtOnceAndTheEnd) {
  RingStatus status(RingInfo{});
  const uint64_t seen = status.Get().revision;
  std::thread loads([&] { status.SetLoading(); });
  const RingStatus::Snapshot loading = status.WaitForChange(seen, absl::InfiniteDuration());
  loads.join();
  EXPECT_EQ(loading.state, RingState::kLoading);
  std::thread closes([&] { status.Close(); });
  EXPECT_TRUE(status.WaitForChange(loading.revision, absl::InfiniteDuration()).closed);
  closes.join();
}

}  // namespace
}  // namespace wan

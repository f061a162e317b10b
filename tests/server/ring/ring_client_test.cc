#include "server/ring/ring_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "tests/testing/fake_ring.h"

namespace wan {
namespace {

RingClientOptions Quick() { return {.min_backoff = absl::Milliseconds(20), .max_backoff = absl::Milliseconds(50)}; }

bool AwaitState(const RingClient& client, v1::RingState state) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (true) {
    const RingClient::Snapshot snapshot = client.snapshot();
    if (snapshot.status.state() == state) return true;
    if (absl::Now() > deadline) return false;
    client.WaitForChange(snapshot.version, absl::Seconds(20));
  }
}

worker::v1::ExecuteRequest Request() {
  worker::v1::ExecuteRequest request;
  request.set_job_id("job");
  request.mutable_spec()->set_codec("h264");
  return request;
}

absl::Status Ignore(const worker::v1::ExecuteEvent&) { return absl::OkStatus(); }

TEST(RingClient, TellsWhatTheRingSaysAndFollowsItsChanges) {
  FakeRing ring("wan-shapes", {"ffv1"});
  const RingClient client("r", ring.address(), Quick(), [] {});
  ASSERT_TRUE(AwaitState(client, v1::RING_STATE_READY));
  EXPECT_EQ(client.snapshot().status.model(), "wan-shapes");
  EXPECT_EQ(client.snapshot().status.codecs(0), "ffv1");
  ring.SetState(v1::RING_STATE_DRAINING);
  EXPECT_TRUE(AwaitState(client, v1::RING_STATE_DRAINING));
}

TEST(RingClient, ReportsARingThatIsDownWithTheCauseAndFindsItAgain) {
  FakeRing ring;
  const RingClient client("r", ring.address(), Quick(), [] {});
  ASSERT_TRUE(AwaitState(client, v1::RING_STATE_READY));
  ring.Kill();
  ASSERT_TRUE(AwaitState(client, v1::RING_STATE_UNREACHABLE));
  EXPECT_NE(client.snapshot().detail, "");
  EXPECT_EQ(client.snapshot().status.model(), "");
  ring.Start();
  EXPECT_TRUE(AwaitState(client, v1::RING_STATE_READY));
}

TEST(RingClient, GivesUpARingThatIsSilentAndItsRunningJob) {
  FakeRing ring;
  ring.Script({.waits = true});
  RingClientOptions options = Quick();
  options.max_silence = absl::Milliseconds(500);
  RingClient client("r", ring.address(), options, [] {});
  ASSERT_TRUE(AwaitState(client, v1::RING_STATE_READY));
  ring.FallSilent();
  const absl::Status status = client.Execute(Request(), std::stop_token(), Ignore);
  EXPECT_TRUE(HasReason(status, kRingLost)) << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("no sign of life"));
}

TEST(RingClient, AStopRequestEndsTheCallOnBothSides) {
  FakeRing ring;
  ring.Script({.waits = true});
  RingClient client("r", ring.address(), Quick(), [] {});
  std::stop_source stop;
  std::thread canceller([&] {
    ASSERT_TRUE(ring.AwaitWaiting(1));
    stop.request_stop();
  });
  EXPECT_TRUE(absl::IsCancelled(client.Execute(Request(), stop.get_token(), Ignore)));
  canceller.join();
  EXPECT_TRUE(ring.AwaitCancelled(1));
}

TEST(RingClient, AnErrorOfTheReceiverEndsTheCallAndIsTheResult) {
  FakeRing ring;
  ring.Script({.waits = true});
  RingClient client("r", ring.address(), Quick(), [] {});
  const absl::Status full = MakeError(absl::StatusCode::kInternal, kStorage, "disk full");
  const absl::Status status =
      client.Execute(Request(), std::stop_token(), [&](const worker::v1::ExecuteEvent&) { return full; });
  EXPECT_EQ(status, full);
  EXPECT_TRUE(ring.AwaitCancelled(1));
}

TEST(RingClient, KeepsTheDetailsOfTheRingsError) {
  FakeRing ring;
  ring.Script({.error = MakeError(absl::StatusCode::kDataLoss, kNonFinite, "NaN", {{"step", "3"}})});
  RingClient client("r", ring.address(), Quick(), [] {});
  const absl::Status status = client.Execute(Request(), std::stop_token(), Ignore);
  EXPECT_TRUE(HasReason(status, kNonFinite)) << status;
  EXPECT_EQ(GetErrorDetails(status).metadata["step"], "3");
}

}  // namespace
}  // namespace wan

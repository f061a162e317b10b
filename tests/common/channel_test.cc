#include "common/channel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace wan {
namespace {

TEST(Channel, GivesValuesInTheOrderTheyCame) {
  Channel<int> channel(3);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(channel.Push(i));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(channel.Pop(), i);
}

TEST(Channel, TryPushRefusesWhenFullAndWhenClosed) {
  Channel<int> channel(1);
  EXPECT_TRUE(channel.TryPush(1));
  EXPECT_FALSE(channel.TryPush(2));
  EXPECT_EQ(channel.Pop(), 1);
  channel.Close();
  EXPECT_FALSE(channel.TryPush(3));
}

TEST(Channel, PushWaitsForRoom) {
  Channel<int> channel(1);
  ASSERT_TRUE(channel.Push(1));
  std::atomic<bool> pushed = false;
  std::thread producer([&] {
    EXPECT_TRUE(channel.Push(2));
    pushed = true;
  });
  EXPECT_FALSE(channel.TryPush(9));  // full, so the producer cannot have got in
  EXPECT_FALSE(pushed);
  EXPECT_EQ(channel.Pop(), 1);
  EXPECT_EQ(channel.Pop(), 2);
  producer.join();
  EXPECT_TRUE(pushed);
}

TEST(Channel, NeverHoldsMoreThanItsCapacity) {
  constexpr int kCapacity = 2;
  Channel<int> channel(kCapacity);
  std::atomic<int> taken = 0;
  std::thread consumer([&] {
    while (channel.Pop()) ++taken;
  });
  int most = 0;
  for (int given = 1; given <= 5000; ++given) {
    EXPECT_TRUE(channel.Push(given));
    most = std::max(most, given - taken);
  }
  channel.Close();
  consumer.join();
  EXPECT_LE(most, kCapacity + 1);  // one may be taken and not yet counted
}

TEST(Channel, CloseWakesABlockedProducerAndDropsItsValue) {
  Channel<std::shared_ptr<int>> channel(1);
  const auto kept = std::make_shared<int>(1);
  const auto dropped = std::make_shared<int>(2);
  ASSERT_TRUE(channel.Push(kept));
  std::thread producer([&] { EXPECT_FALSE(channel.Push(dropped)); });
  channel.Close();
  producer.join();
  EXPECT_EQ(dropped.use_count(), 1);
  EXPECT_EQ(channel.Pop(), kept);
  EXPECT_EQ(channel.Pop(), std::nullopt);
}

TEST(Channel, CloseWakesABlockedConsumer) {
  Channel<int> channel(1);
  std::thread consumer([&] { EXPECT_EQ(channel.Pop(), std::nullopt); });
  channel.Close();
  channel.Close();
  consumer.join();
}

TEST(Channel, PopForTellsAnEmptyChannelFromADrainedOne) {
  Channel<int> channel(1);
  EXPECT_EQ(channel.PopFor(absl::ZeroDuration()), std::nullopt);
  EXPECT_FALSE(channel.drained());
  ASSERT_TRUE(channel.Push(7));
  channel.Close();
  EXPECT_FALSE(channel.drained());
  EXPECT_EQ(channel.PopFor(absl::InfiniteDuration()), 7);
  EXPECT_EQ(channel.PopFor(absl::InfiniteDuration()), std::nullopt);
  EXPECT_TRUE(channel.drained());
}

TEST(Channel, CarriesValuesThatCannotBeCopied) {
  Channel<std::unique_ptr<int>> channel(1);
  ASSERT_TRUE(channel.Push(std::make_unique<int>(5)));
  EXPECT_EQ(**channel.Pop(), 5);
}

TEST(Channel, ManyProducersAndConsumersLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kValues = 2000;
  Channel<int> channel(3);
  std::atomic<int64_t> sum = 0;
  std::vector<std::thread> consumers;
  for (int i = 0; i < kThreads; ++i) {
    consumers.emplace_back([&] {
      while (const std::optional<int> value = channel.Pop()) sum += *value;
    });
  }
  std::vector<std::thread> producers;
  for (int i = 0; i < kThreads; ++i) {
    producers.emplace_back([&] {
      for (int value = 1; value <= kValues; ++value) EXPECT_TRUE(channel.Push(value));
    });
  }
  for (std::thread& thread : producers) thread.join();
  channel.Close();
  for (std::thread& thread : consumers) thread.join();
  EXPECT_EQ(sum, int64_t{kThreads} * kValues * (kValues + 1) / 2);
}

}  // namespace
}  // namespace wan

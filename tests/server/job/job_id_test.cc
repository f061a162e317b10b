#include "server/job/job_id.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/testing/fake_clock.h"

namespace wan {
namespace {

TEST(JobId, TimePartIsTheUlidOfTheSpecification) {
  // 1469918176385 ms is the specification's example: 01ARYZ6S41 and 16 random characters.
  FakeClock clock(absl::FromUnixMillis(1469918176385));
  JobIdGenerator ids([&] { return clock.Now(); });
  const std::string id = ids.Next();
  EXPECT_TRUE(IsJobId(id)) << id;
  EXPECT_EQ(id.substr(0, 10), "01ARYZ6S41");
}

TEST(JobId, GrowsWithinOneMillisecond) {
  FakeClock clock;
  JobIdGenerator ids([&] { return clock.Now(); });
  std::string last = ids.Next();
  for (int i = 0; i < 10000; ++i) {
    const std::string id = ids.Next();
    ASSERT_LT(last, id);
    last = id;
  }
}

TEST(JobId, GrowsWhenTheClockStepsBack) {
  FakeClock clock;
  JobIdGenerator ids([&] { return clock.Now(); });
  const std::string before = ids.Next();
  clock.Advance(-absl::Hours(1));
  EXPECT_LT(before, ids.Next());
}

TEST(JobId, GrowsBeyondTheIdOfAnEarlierRunWhoseClockWasAhead) {
  FakeClock clock;
  FakeClock ahead(clock.Now() + absl::Hours(24));
  const std::string earlier = JobIdGenerator([&] { return ahead.Now(); }).Next();
  JobIdGenerator ids([&] { return clock.Now(); });
  ids.StartAfter(earlier);
  EXPECT_EQ(ids.Next().substr(0, 10), earlier.substr(0, 10));
  JobIdGenerator other([&] { return clock.Now(); });
  other.StartAfter(earlier);
  EXPECT_LT(earlier, other.Next());
}

TEST(JobId, CountsUpWithCarry) {
  FakeClock clock(absl::FromUnixMillis(0));
  JobIdGenerator ids([&] { return clock.Now(); });
  ids.StartAfter("0000000001ZZZZZZZZZZZZZZZZ");
  EXPECT_EQ(ids.Next(), "00000000020000000000000000");
  EXPECT_EQ(ids.Next(), "00000000020000000000000001");
}

TEST(JobId, IsUniqueAcrossThreads) {
  JobIdGenerator ids([] { return absl::UnixEpoch(); });
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) mine.push_back(ids.Next());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& mine : made) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 4000u);
}

TEST(JobId, RefusesWhatIsNoId) {
  EXPECT_TRUE(IsJobId("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"));
  for (const char* text : {"", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01ARYZ6S41TSV4RRFFQ69G5FA", "01aryz6s41tsv4rrffq69g5fav",
                           "01ARYZ6S41TSV4RRFFQ69G5FAI", "../../../../../etc/passwd00"}) {
    EXPECT_FALSE(IsJobId(text)) << text;
  }
  EXPECT_FALSE(IsJobId(absl::string_view("01ARYZ6S41TSV4RRFFQ69G5FA\0", 26)));
}

}  // namespace
}  // namespace wan

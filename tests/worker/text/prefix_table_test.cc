#include "worker/text/prefix_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::pair<size_t, int32_t>> Prefixes(const PrefixTable& table, absl::string_view text) {
  std::vector<std::pair<size_t, int32_t>> result;
  table.VisitPrefixes(text, [&](size_t length, int32_t value) { result.emplace_back(length, value); });
  return result;
}

TEST(PrefixTable, VisitsEveryPrefixShortestFirst) {
  const PrefixTable table({{"abc", 3}, {"a", 1}, {"b", 7}, {"ab", 2}, {"abd", 4}, {"▁a", 5}, {"\xFF", 6}});
  EXPECT_THAT(Prefixes(table, "abcd"), ElementsAre(Pair(1, 1), Pair(2, 2), Pair(3, 3)));
  EXPECT_THAT(Prefixes(table, "ax"), ElementsAre(Pair(1, 1)));
  EXPECT_THAT(Prefixes(table, "▁abc"), ElementsAre(Pair(4, 5)));
  EXPECT_THAT(Prefixes(table, "\xFF"), ElementsAre(Pair(1, 6)));
  EXPECT_THAT(Prefixes(table, "x"), IsEmpty());
  EXPECT_THAT(Prefixes(table, ""), IsEmpty());
}

TEST(PrefixTable, LastOfEqualKeysCountsAndEmptyOnesAreNotFound) {
  const PrefixTable table({{"a", 1}, {"", 9}, {"a", 2}, {"b", 3}, {"a", 4}});
  EXPECT_EQ(table.Find("a"), 4);
  EXPECT_EQ(table.Find("b"), 3);
  EXPECT_EQ(table.Find(""), std::nullopt);
  EXPECT_EQ(table.Find("ab"), std::nullopt);
  EXPECT_THAT(Prefixes(table, "ab"), ElementsAre(Pair(1, 4)));
}

TEST(PrefixTable, EmptyTableFindsNothing) {
  EXPECT_EQ(PrefixTable().Find("a"), std::nullopt);
  EXPECT_THAT(Prefixes(PrefixTable(), "a"), IsEmpty());
}

}  // namespace
}  // namespace wan

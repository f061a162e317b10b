#include "worker/text/precompiled_charsmap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/worker/text/charsmap_bytes.h"

namespace wan {
namespace {

using ::testing::HasSubstr;
using Rules = std::map<std::string, std::string>;

std::string Normalize(const Rules& rules, absl::string_view text) {
  const auto charsmap = PrecompiledCharsmap::Parse(CharsmapBytes(rules).bytes());
  return charsmap.ok() ? charsmap->Normalize(text) : charsmap.status().ToString();
}

TEST(PrecompiledCharsmap, ReplacesCharactersAndKeepsTheRest) {
  EXPECT_EQ(Normalize({{"ﬁ", "fi"}, {"\t", " "}, {"²", "2"}, {"\u200B", ""}}, "ﬁx\t猫²\u200B!"), "fix 猫2!");
  EXPECT_EQ(Normalize({{"a", "b"}}, ""), "");
}

TEST(PrecompiledCharsmap, NulIsNeverLookedUp) {
  EXPECT_EQ(Normalize({{"a", "b"}}, absl::string_view("a\0a", 3)), absl::string_view("b\0b", 3));
}

TEST(PrecompiledCharsmap, ClusterBelowSixBytesIsLookedUpWhole) {
  EXPECT_EQ(Normalize({{"e\u0301", "é"}}, "e\u0301!"), "é!");
  EXPECT_EQ(Normalize({{"क\u093C", "Q"}}, "क\u093C"), "क\u093C");  // six bytes: character by character
  EXPECT_EQ(Normalize({{"e\u0323\u0301", "ẹ́"}, {"e\u0301", "é"}}, "e\u0323\u0302\u0301"), "e\u0323\u0302\u0301");
}

// A known fault of the reference: the rest of the cluster is lost.
TEST(PrecompiledCharsmap, ShortestPrefixOfAClusterWinsAndTheRestIsLost) {
  EXPECT_EQ(Normalize({{"o\u0323", "ọ"}, {"o\u0323\u0302", "ộ"}}, "Mo\u0323\u0302t"), "Mọt");
}

TEST(PrecompiledCharsmap, LongClusterGoesCharacterByCharacter) {
  EXPECT_EQ(Normalize({{"\u200D", " "}}, "👩\u200D🚀"), "👩 🚀");
}

TEST(PrecompiledCharsmap, DamageIsFoundWhenParsed) {
  const std::string good = CharsmapBytes(Rules{{"a", "b"}}).bytes();
  const auto message = [](const std::string& bytes) {
    const absl::Status status = PrecompiledCharsmap::Parse(bytes).status();
    return status.code() == absl::StatusCode::kDataLoss ? std::string(status.message()) : status.ToString();
  };
  EXPECT_THAT(message(""), HasSubstr("0 bytes are too few"));
  EXPECT_THAT(message(std::string("\0\0\0\0x", 5)), HasSubstr("0 bytes, of 1"));
  EXPECT_THAT(message("\xFF\xFF\xFF\xFF" + good.substr(4)), HasSubstr("4294967295 bytes"));
  EXPECT_THAT(message("\xFC\xFF\xFF\xFF" + good.substr(4)), HasSubstr("4294967292 bytes"));
  EXPECT_THAT(message(good.substr(0, 100)), HasSubstr("bytes, of 96"));
  EXPECT_THAT(message(good + "\xFF"), HasSubstr("not UTF-8"));
  EXPECT_THAT(message(good.substr(0, good.size() - 2)), HasSubstr("has no replacement"));  // no replacements left
}

TEST(PrecompiledCharsmap, ValueInsideACharacterIsDamage) {
  std::string bytes = CharsmapBytes(Rules{{"a", "é"}, {"b", "c"}}).bytes();
  for (size_t i = 4; i + 4 <= bytes.size(); i += 4) {  // "é" is at 0; point to its second byte
    if (bytes.compare(i, 4, std::string("\0\0\0\x80", 4)) == 0) bytes[i] = 1;
  }
  EXPECT_THAT(std::string(PrecompiledCharsmap::Parse(bytes).status().message()), HasSubstr("has no replacement"));
}

TEST(PrecompiledCharsmap, RandomTriesNeverReadOutside) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    const uint32_t units = 1 + random() % 600;
    CharsmapBytes::AppendU32(units * 4, &bytes);
    // Every unit is a likely node: its label is its place, so that walks go far; few have values, which must be right.
    for (uint32_t i = 0; i < units; ++i) {
      CharsmapBytes::AppendU32((random() % 1024) << 10 | (random() % 64 == 0 ? 0x200 : 0) | i % 256, &bytes);
    }
    bytes += std::string("x\0y", 3);
    const auto charsmap = PrecompiledCharsmap::Parse(bytes);
    ASSERT_TRUE(charsmap.ok()) << charsmap.status();
    std::string text;
    for (int i = 0; i < 200; ++i) text.push_back(static_cast<char>(1 + random() % 127));
    EXPECT_EQ(charsmap->Normalize(text), text);
  }
}

}  // namespace
}  // namespace wan

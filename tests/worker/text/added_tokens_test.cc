#include "worker/text/added_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

struct Flags {
  bool single_word = false, lstrip = false, rstrip = false, normalized = false;
};

nlohmann::json Token(const std::string& content, int64_t id, Flags flags = {}) {
  return {{"id", id},
          {"content", content},
          {"single_word", flags.single_word},
          {"lstrip", flags.lstrip},
          {"rstrip", flags.rstrip},
          {"normalized", flags.normalized},
          {"special", true}};
}

nlohmann::json List(std::initializer_list<nlohmann::json> elements) { return std::vector<nlohmann::json>(elements); }

absl::StatusOr<AddedTokens> Make(const nlohmann::json& json, const Normalizer& normalizer = {}) {
  const UnigramModel model({{"<unk>", 0}, {"</s>", 0}, {"a", -1}}, 0, false);
  return AddedTokens::FromJson(JsonNode(json, "t.json"), model, normalizer);
}

// Spans as "text" or "[text=id]".
std::string Shown(const std::vector<AddedTokens::Span>& spans) {
  return absl::StrJoin(spans, "|", [](std::string* out, const AddedTokens::Span& span) {
    span.id ? absl::StrAppend(out, "[", span.text, "=", *span.id, "]") : absl::StrAppend(out, span.text);
  });
}

std::string Split(const nlohmann::json& tokens, absl::string_view text) {
  const auto added = Make(tokens);
  return added.ok() ? Shown(added->SplitRaw(text)) : added.status().ToString();
}

TEST(AddedTokens, AreCutOutWhereverTheyStand) {
  EXPECT_EQ(Split(List({Token("</s>", 1)}), "a</s> b</s>"), "a|[</s>=1]| b|[</s>=1]");
  EXPECT_EQ(Split(List({Token("</s>", 1)}), "a < /s>"), "a < /s>");
  EXPECT_EQ(Split(nlohmann::json::array(), "a"), "a");
}

TEST(AddedTokens, LongestAtTheLeftmostPlaceWins) {
  const nlohmann::json tokens = {Token("<x", 3), Token("<x>", 4), Token("x><y", 5)};
  EXPECT_EQ(Split(tokens, "<x><y"), "[<x>=4]|<y");
  EXPECT_EQ(Split(tokens, "<x-x><y"), "[<x=3]|-|[x><y=5]");
}

TEST(AddedTokens, UnknownOnesAreCountedOnFromTheVocabulary) {
  const auto added = Make(List({Token("new", 3), Token("</s>", 1), Token("newer", 99)}));  // a wrong id is only logged
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(Shown(added->SplitRaw("new newer</s>")), "[new=3]| |[newer=4]|[</s>=1]");
  EXPECT_EQ(added->max_id(), 4);
}

TEST(AddedTokens, StripTakesTheWhiteSpaceAround) {
  EXPECT_EQ(Split(List({Token("X", 3, {.lstrip = true})}), "a \u3000X b"), "a|[ \u3000X=3]| b");
  EXPECT_EQ(Split(List({Token("X", 3, {.rstrip = true})}), "a X \u3000b"), "a |[X \u3000=3]|b");
  EXPECT_EQ(Split(List({Token("X", 3, {.lstrip = true, .rstrip = true})}), "é X X é"), "é|[ X =3]|[X =3]|é");
}

TEST(AddedTokens, SingleWordDoesNotMatchInsideAWord) {
  const nlohmann::json tokens = {Token("ball", 3, {.single_word = true})};
  EXPECT_EQ(Split(tokens, "ball balls éball -ball-"), "[ball=3]| balls éball -|[ball=3]|-");
}

TEST(AddedTokens, NormalizedOnesMatchNormalizedText) {
  const nlohmann::json lower = {{"type", "Lowercase"}};
  const auto normalizer = Normalizer::FromJson(JsonNode(lower, "t.json"));
  const auto added = Make(List({Token("TOK", 3, {.normalized = true})}), *normalizer);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(Shown(added->SplitRaw("TOK tok")), "TOK tok");
  EXPECT_EQ(Shown(added->SplitNormalized("TOK tok")), "TOK |[tok=3]");
}

TEST(AddedTokens, DamageNamesTheEntry) {
  nlohmann::json damaged = {Token("a", 2), Token("b", 3)};
  damaged[1]["lstrip"] = "no";
  EXPECT_THAT(std::string(Make(damaged).status().message()), HasSubstr("[1].lstrip: must be true or false"));
  damaged[1].erase("lstrip");
  EXPECT_THAT(std::string(Make(damaged).status().message()), HasSubstr("[1]: \"lstrip\" is missing"));
  EXPECT_EQ(Make(List({7})).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Make(List({nlohmann::json{{"content", "x"}}})).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Make(List({Token("x", -1)})).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Make(List({Token("x", int64_t{1} << 40)})).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace wan

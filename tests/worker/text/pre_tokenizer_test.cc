#include "worker/text/pre_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::StatusOr<PreTokenizer> Make(const nlohmann::json& json) {
  return PreTokenizer::FromJson(JsonNode(json, "t.json"));
}

std::vector<std::string> Split(const nlohmann::json& json, const std::string& text, bool begins_prompt = true) {
  const auto pre_tokenizer = Make(json);
  EXPECT_TRUE(pre_tokenizer.ok()) << pre_tokenizer.status();
  std::vector<std::string> result;
  for (const auto& piece : pre_tokenizer->Split({text, begins_prompt})) result.push_back(piece.text);
  return result;
}

nlohmann::json Metaspace(const std::string& scheme, bool split = true) {
  return {{"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", scheme}, {"split", split}};
}

TEST(PreTokenizer, MetaspaceCutsBeforeEverySpace) {
  EXPECT_THAT(Split(Metaspace("always"), "a bc  d "), ElementsAre("▁a", "▁bc", "▁", "▁d", "▁"));
  EXPECT_THAT(Split(Metaspace("always"), "▁a"), ElementsAre("▁a"));  // not prepended twice
  EXPECT_THAT(Split(Metaspace("always"), ""), IsEmpty());
  EXPECT_THAT(Split(Metaspace("always", false), "a b"), ElementsAre("▁a▁b"));
}

TEST(PreTokenizer, PrependSchemeSaysWhereASpaceIsAdded) {
  EXPECT_THAT(Split(Metaspace("never"), "a b"), ElementsAre("a", "▁b"));
  EXPECT_THAT(Split(Metaspace("first"), "a", true), ElementsAre("▁a"));
  EXPECT_THAT(Split(Metaspace("first"), "a", false), ElementsAre("a"));
}

TEST(PreTokenizer, OnlyTheFirstWordBeginsThePrompt) {
  const nlohmann::json json = {{"type", "Sequence"},
                               {"pretokenizers", {{{"type", "WhitespaceSplit"}}, Metaspace("first")}}};
  EXPECT_THAT(Split(json, "a\u3000b c"), ElementsAre("▁a", "b", "c"));
  EXPECT_THAT(Split(json, " a"), ElementsAre("a"));
}

TEST(PreTokenizer, WithoutStepsTextStaysWhole) {
  EXPECT_THAT(Split({{"type", "Sequence"}, {"pretokenizers", nlohmann::json::array()}}, "a b"), ElementsAre("a b"));
}

TEST(PreTokenizer, UnknownTypeIsNamedAndDamageIsDataLoss) {
  const absl::Status unknown = Make({{"type", "Digits"}}).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("Digits"));
  for (const char* json :
       {R"({"type":"Metaspace"})", R"({"type":"Metaspace","replacement":""})",
        R"({"type":"Metaspace","replacement":"ab"})", R"({"type":"Metaspace","replacement":"_","prepend_scheme":"x"})",
        R"({"type":"Metaspace","replacement":"_","add_prefix_space":false})",
        R"({"type":"Metaspace","replacement":"_","split":"yes"})", R"({"type":"Sequence"})", "[]"}) {
    EXPECT_EQ(Make(nlohmann::json::parse(json)).status().code(), absl::StatusCode::kDataLoss) << json;
  }
}

}  // namespace
}  // namespace wan

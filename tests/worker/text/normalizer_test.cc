#include "worker/text/normalizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "tests/worker/text/charsmap_bytes.h"

namespace wan {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

absl::StatusOr<Normalizer> Make(const nlohmann::json& json) {
  const nlohmann::json document = {{"normalizer", json}};
  return Normalizer::FromJson(*JsonNode(document, "tokenizer.json").Find("normalizer"));
}

std::string Apply(const nlohmann::json& json, absl::string_view text) {
  const auto normalizer = Make(json);
  return normalizer.ok() ? normalizer->Apply(text) : normalizer.status().ToString();
}

TEST(Normalizer, AppliesASequenceInOrder) {
  const std::string charsmap =
      absl::Base64Escape(CharsmapBytes(std::map<std::string, std::string>{{"\t", " "}, {"ﬁ", "fi"}}).bytes());
  const nlohmann::json json = {{"type", "Sequence"},
                               {"normalizers",
                                {{{"type", "Precompiled"}, {"precompiled_charsmap", charsmap}},
                                 {{"type", "Strip"}, {"strip_left", false}, {"strip_right", true}},
                                 {{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", "▁"}}}}};
  EXPECT_EQ(Apply(json, " ﬁ\t\tx y  \t "), " fi▁x y");
}

TEST(Normalizer, StripsTheSidesAskedFor) {
  EXPECT_EQ(Apply({{"type", "Strip"}, {"strip_left", true}, {"strip_right", false}}, "\u3000 a \u00A0"), "a \u00A0");
  EXPECT_EQ(Apply({{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}}, " \u00A0"), "");
}

TEST(Normalizer, SpaceRunsArePlainSpacesOnly) {
  const nlohmann::json json = {{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", "_"}};
  EXPECT_EQ(Apply(json, "a b  c   d\t\te \u00A0"), "a b_c_d\t\te \u00A0");
}

TEST(Normalizer, ReplacesStringsFromTheLeft) {
  EXPECT_EQ(Apply({{"type", "Replace"}, {"pattern", {{"String", "aa"}}}, {"content", "b"}}, "aaaaa"), "bba");
}

TEST(Normalizer, OtherSteps) {
  EXPECT_EQ(Apply({{"type", "NFC"}}, "e\u0301"), "é");
  EXPECT_EQ(Apply({{"type", "NFD"}}, "é"), "e\u0301");
  EXPECT_EQ(Apply({{"type", "NFKC"}}, "²"), "2");
  EXPECT_EQ(Apply({{"type", "NFKD"}}, "ﬁé"), "fie\u0301");
  EXPECT_EQ(Apply({{"type", "Lowercase"}}, "ÀÇİΣ"), "àçi\u0307σ");
  EXPECT_EQ(Apply({{"type", "Nmt"}}, "a\u000Bb\u200Bc\u2581"), "ab c ");
  EXPECT_EQ(Apply({{"type", "Prepend"}, {"prepend", "▁"}}, "a"), "▁a");
  EXPECT_EQ(Apply({{"type", "Prepend"}, {"prepend", "▁"}}, ""), "");
}

TEST(Normalizer, UnknownTypeOrPatternIsNamedWithItsPlace) {
  const nlohmann::json json = {{"type", "Sequence"},
                               {"normalizers", {{{"type", "NFC"}}, {{"type", "BertNormalizer"}}}}};
  EXPECT_EQ(Make(json).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Make(json).status().message()),
              AllOf(HasSubstr("tokenizer.json: normalizer.normalizers[1]: "), HasSubstr("BertNormalizer")));
  const nlohmann::json regex = {{"type", "Replace"}, {"pattern", {{"Regex", "a+"}}}, {"content", ""}};
  EXPECT_EQ(Make(regex).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Make(regex).status().message()), HasSubstr("normalizer.pattern: the pattern \"a+\""));
}

TEST(Normalizer, DamageIsDataLoss) {
  for (const nlohmann::json& json :
       {nlohmann::json::object(), nlohmann::json(7), nlohmann::json{{"type", 7}}, nlohmann::json{{"type", "Sequence"}},
        nlohmann::json{{"type", "Sequence"}, {"normalizers", "x"}}, nlohmann::json{{"type", "Precompiled"}},
        nlohmann::json{{"type", "Precompiled"}, {"precompiled_charsmap", "***"}},
        nlohmann::json{{"type", "Precompiled"}, {"precompiled_charsmap", "AAAA"}},
        nlohmann::json{{"type", "Strip"}, {"strip_left", 1}, {"strip_right", true}},
        nlohmann::json{{"type", "Replace"}, {"content", "a"}},
        nlohmann::json{{"type", "Replace"}, {"content", "a"}, {"pattern", "b"}}}) {
    EXPECT_EQ(Make(json).status().code(), absl::StatusCode::kDataLoss) << json;
  }
}

TEST(Normalizer, DeeplyNestedSequencesAreRefused) {
  nlohmann::json json = {{"type", "NFC"}};
  for (int i = 0; i < 1000; ++i) {
    nlohmann::json outer = {{"type", "Sequence"}};
    outer["normalizers"].push_back(std::move(json));
    json = std::move(outer);
  }
  EXPECT_EQ(Make(json).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace wan

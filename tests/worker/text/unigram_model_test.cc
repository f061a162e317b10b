#include "worker/text/unigram_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<int64_t> Encode(const UnigramModel& model, absl::string_view text) {
  std::vector<int64_t> ids;
  model.Encode(text, &ids);
  return ids;
}

TEST(UnigramModel, TakesTheSegmentationOfHighestScore) {
  const UnigramModel model(
      {{"<unk>", 0}, {"a", 0}, {"b", 0}, {"c", 0}, {"d", 0}, {"cd", 1}, {"ab", 2}, {"abc", 5}, {"abcd", 10}}, 0, false);
  EXPECT_THAT(Encode(model, "abcdacdxx"), ElementsAre(8, 1, 5, 0));
  EXPECT_THAT(Encode(model, ""), IsEmpty());
}

TEST(UnigramModel, UnknownCharacterCostsTenMoreThanTheWorstPiece) {
  // "a" and the unknown "é" give 15 + (0 − 10) = 5.
  const UnigramModel below({{"<unk>", 0}, {"a", 15}, {"aé", 4}}, 0, false);
  EXPECT_THAT(Encode(below, "aé"), ElementsAre(1, 0));
  const UnigramModel above({{"<unk>", 0}, {"a", 15}, {"aé", 6}}, 0, false);
  EXPECT_THAT(Encode(above, "aé"), ElementsAre(2));
}

TEST(UnigramModel, FusesNeighbouringUnknownCharacters) {
  const UnigramModel model({{"<unk>", 0}, {"a", -1}}, 0, false);
  EXPECT_THAT(Encode(model, "猫犬a鳥"), ElementsAre(0, 1, 0));
}

TEST(UnigramModel, OfEqualSumsTheFirstFoundWins) {
  // At the end of "ab" the piece "ab" is offered first (from 0), then "b" (from 1) with the same sum.
  const UnigramModel model({{"<unk>", 0}, {"a", -1}, {"b", -1}, {"ab", -2}}, 0, false);
  EXPECT_THAT(Encode(model, "ab"), ElementsAre(3));
}

TEST(UnigramModel, ByteFallbackSpellsUnknownTextWhenAllBytesExist) {
  std::vector<std::pair<std::string, double>> vocab = {{"<unk>", 0}, {"a", -1}, {"<0xC3>", 0}, {"<0xA9>", 0}};
  EXPECT_THAT(Encode(UnigramModel(vocab, 0, true), "éa"), ElementsAre(2, 3, 1));
  EXPECT_THAT(Encode(UnigramModel(vocab, 0, false), "éa"), ElementsAre(0, 1));
  EXPECT_THAT(Encode(UnigramModel(vocab, 0, true), "éöa"), ElementsAre(0, 1));  // 0xB6 is missing: all of it is unknown
}

TEST(UnigramModel, LastOfEqualPiecesGivesIdAndScore) {
  const UnigramModel model({{"<unk>", 0}, {"a", -1}, {"b", -1}, {"ab", -1}, {"ab", -9}}, 0, false);
  EXPECT_EQ(model.TokenToId("ab"), 4);
  EXPECT_THAT(Encode(model, "ab"), ElementsAre(1, 2));
}

absl::Status StatusOf(const std::string& json) {
  const nlohmann::json document = nlohmann::json::parse(json);
  return UnigramModel::FromJson(JsonNode(document, "tokenizer.json")).status();
}

TEST(UnigramModel, FaultsNameTheEntry) {
  const char* const damaged[] = {R"({"type":"Unigram","unk_id":0})",
                                 R"({"type":"Unigram","unk_id":0,"vocab":[]})",
                                 R"({"type":"Unigram","unk_id":0,"vocab":{"a":1}})",
                                 R"({"type":"Unigram","unk_id":1,"vocab":[["a",0]]})",
                                 R"({"type":"Unigram","unk_id":-1,"vocab":[["a",0]]})",
                                 R"({"type":"Unigram","unk_id":18446744073709551615,"vocab":[["a",0]]})",
                                 R"({"type":"Unigram","unk_id":null,"vocab":[["a",0]]})",
                                 R"({"type":"Unigram","unk_id":0,"vocab":[["a",0]],"byte_fallback":1})",
                                 R"({"type":7,"unk_id":0,"vocab":[["a",0]]})"};
  for (const char* json : damaged) EXPECT_EQ(StatusOf(json).code(), absl::StatusCode::kDataLoss) << json;
  for (const char* row : {R"(["a"])", R"(["a",0,1])", R"([0,"a"])", R"(["a",null])", "7"}) {
    const absl::Status status = StatusOf(R"({"type":"Unigram","unk_id":0,"vocab":[["a",0],)" + std::string(row) + "]}");
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr("tokenizer.json: vocab: entry 1")) << row;
  }
  const absl::Status other = StatusOf(R"({"type":"BPE","vocab":{}})");
  EXPECT_EQ(other.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(other.message()), HasSubstr("BPE"));
}

}  // namespace
}  // namespace wan

#include "worker/text/umt5_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "worker/text/prompt_cleaner.h"
#include "worker/text/unicode.h"

namespace wan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Umt5Tokenizer LoadFromSource(const std::string& folder) {
  auto tokenizer = Umt5Tokenizer::Load(std::string(std::getenv("WAN_SOURCE_DIR")) + "/" + folder);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  return *std::move(tokenizer);
}

Umt5Tokenizer Demo() { return LoadFromSource("models/wan-shapes/tokenizer"); }
Umt5Tokenizer WithoutByteFallback() { return LoadFromSource("tests/golden/models/t2v21/tokenizer"); }
Umt5Tokenizer JoinerToSpace() { return LoadFromSource("tests/worker/text/data/joiner_to_space"); }

std::vector<int64_t> Ids(const Umt5Tokenizer& tokenizer, absl::string_view prompt) {
  return tokenizer.Encode(CleanPrompt(prompt), 512).ids;
}

TEST(Umt5Tokenizer, EmptyPromptIsTheEndTokenAlone) { EXPECT_THAT(Ids(Demo(), ""), ElementsAre(1)); }

// huggingface/tokenizers#2334: the map takes the shortest entry of a decomposed letter and loses the other marks.
TEST(Umt5Tokenizer, ComposedAndDecomposedPromptsGiveTheSameIds) {
  for (const Umt5Tokenizer& tokenizer : {Demo(), WithoutByteFallback()}) {
    for (const char* prompt : {"Một quả bóng đỏ", "빨간 공"}) {
      EXPECT_EQ(Ids(tokenizer, Normalize(prompt, NormalForm::kNfd)), Ids(tokenizer, prompt)) << prompt;
    }
    EXPECT_EQ(Ids(tokenizer, "ｶﾞﾗｽ"), Ids(tokenizer, "ガラス"));
  }
}

TEST(Umt5Tokenizer, UncleanedDecomposedTextLosesMarksAsTheReferenceDoes) {
  const Umt5Tokenizer tokenizer = Demo();
  EXPECT_EQ(tokenizer.Encode(Normalize("Một quả bóng đỏ", NormalForm::kNfd), 512).ids,
            tokenizer.Encode("Mọt quả bóng đỏ", 512).ids);
}

TEST(Umt5Tokenizer, ControlCharactersOfAPromptGiveTheMeasuredIds) {
  const Umt5Tokenizer tokenizer = Demo();
  const auto red_ellipsis_ball = ElementsAre(273, 269, 269, 269, 469, 351, 490, 1);
  const auto redball = ElementsAre(273, 469, 351, 490, 1);
  const auto red_ball = ElementsAre(273, 325, 1);
  EXPECT_THAT(Ids(tokenizer, "red\u0085ball"), red_ellipsis_ball);
  EXPECT_THAT(Ids(tokenizer, "red&#133;ball"), red_ellipsis_ball);
  EXPECT_THAT(Ids(tokenizer, "red…ball"), red_ellipsis_ball);
  EXPECT_THAT(Ids(tokenizer, "red\u000Bball"), redball);
  EXPECT_THAT(Ids(tokenizer, "red&#11;ball"), redball);
  EXPECT_THAT(Ids(tokenizer, "red\u001Cball"), redball);
  EXPECT_THAT(Ids(tokenizer, "red\u000Cball"), red_ball);
  EXPECT_THAT(Ids(tokenizer, "red\u2028ball"), red_ball);
}

// google/sentencepiece#630: whether the zero-width joiner is a space is the file's business.
TEST(Umt5Tokenizer, TheFileDecidesWhetherTheJoinerIsASpace) {
  const char* joined = "a red ball 👩\u200D🚀 moves";
  const char* spaced = "a red ball 👩 🚀 moves";
  EXPECT_EQ(Ids(Demo(), joined).size(), 18u);
  EXPECT_EQ(Ids(Demo(), spaced).size(), 16u);
  EXPECT_EQ(Ids(JoinerToSpace(), joined), Ids(JoinerToSpace(), spaced));
  EXPECT_THAT(Ids(JoinerToSpace(), joined), ElementsAre(4, 296, 4, 295, 299, 290, 224, 4, 161, 4, 162, 30, 1));
}

TEST(Umt5Tokenizer, TruncationKeepsTheEndToken) {
  const Umt5Tokenizer tokenizer = Demo();
  const std::vector<int64_t> all = tokenizer.Encode("red\u2026ball", 512).ids;  // 8 ids
  const TokenizedPrompt cut = tokenizer.Encode("red\u2026ball", 4);
  EXPECT_THAT(cut.ids, ElementsAre(all[0], all[1], all[2], 1));
  EXPECT_TRUE(cut.truncated);
  EXPECT_FALSE(tokenizer.Encode("red\u2026ball", 8).truncated);
  EXPECT_TRUE(tokenizer.Encode("red\u2026ball", 7).truncated);
  EXPECT_THAT(tokenizer.Encode("red\u2026ball", 1).ids, ElementsAre(1));
}

TEST(Umt5Tokenizer, SpecialTokensInAPromptAreOneIdEach) {
  const Umt5Tokenizer tokenizer = WithoutByteFallback();
  EXPECT_THAT(tokenizer.Encode("</s><pad><extra_id_0>", 512).ids, ElementsAre(1, 0, 990, 1));
  EXPECT_EQ(tokenizer.max_id(), 990);
}

TEST(Umt5Tokenizer, IllFormedBytesDoNotStopIt) {
  EXPECT_EQ(Demo().Encode("a\xFF", 512).ids, Demo().Encode("a\uFFFD", 512).ids);
}

TEST(Umt5Tokenizer, MissingFileIsNamed) {
  const absl::Status status = Umt5Tokenizer::Load("/nonexistent/tokenizer").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nonexistent/tokenizer/tokenizer.json: No such file"));
}

}  // namespace
}  // namespace wan

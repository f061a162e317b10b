// Files that are cut, changed or made to harm: an error with file and place, or a tokenizer that works; never a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/testing/files.h"
#include "worker/text/umt5_tokenizer.h"

namespace wan {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class HostileTokenizer : public ::testing::Test {
 protected:
  HostileTokenizer()
      : good_(ReadFile(std::string(std::getenv("WAN_SOURCE_DIR")) +
                       "/tests/worker/text/data/joiner_to_space/tokenizer.json")) {}

  absl::StatusOr<Umt5Tokenizer> Load(const std::string& bytes) {
    WriteFile(folder_.File("tokenizer.json"), bytes);
    return Umt5Tokenizer::Load(folder_.path());
  }

  // Loads the good file with `value` at a JSON pointer.
  absl::Status StatusWith(const std::string& pointer, const nlohmann::json& value) {
    nlohmann::json document = nlohmann::json::parse(good_);
    document[nlohmann::json::json_pointer(pointer)] = value;
    return Load(document.dump()).status();
  }

  // A fault must name the file; what loads must encode.
  void ExpectFaultOrUse(const std::string& bytes) {
    const auto tokenizer = Load(bytes);
    if (tokenizer.ok()) {
      const TokenizedPrompt prompt = tokenizer->Encode("a red </s>  ball 👩\u200D🚀 e\u0301 moves", 512);
      for (const int64_t id : prompt.ids) ASSERT_LE(id, tokenizer->max_id());
      return;
    }
    EXPECT_THAT(tokenizer.status().code(), AnyOf(absl::StatusCode::kDataLoss, absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(std::string(tokenizer.status().message()), StartsWith(folder_.File("tokenizer.json")));
  }

  const std::string good_;
  const TemporaryFolder folder_;
};

TEST_F(HostileTokenizer, GoodFileLoads) { EXPECT_TRUE(Load(good_).ok()); }

TEST_F(HostileTokenizer, CutFileIsDataLossWithTheByte) {
  for (size_t size = 0; size + 2 < good_.size(); size += 97) {
    const absl::Status status = Load(good_.substr(0, size)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_THAT(std::string(status.message()), HasSubstr("at byte")) << size;
  }
}

TEST_F(HostileTokenizer, WrongTypesNameTheirPlace) {
  struct Case {
    const char* pointer;
    nlohmann::json value;
    const char* message;
  };
  const Case cases[] = {
      {"/model", 7, "model: must be an object, not 7"},
      {"/model", nullptr, "\"model\" is missing"},
      {"/model/vocab", "x", "model.vocab: must be a list"},
      {"/model/vocab/5/1", "x", "model.vocab: entry 5 is not [piece, score]"},
      {"/model/unk_id", 300, "model.unk_id: must be a whole number from 0 to 299, not 300"},
      {"/model/byte_fallback", "yes", "model.byte_fallback: must be true or false, not \"yes\""},
      {"/normalizer", {1, 2}, "normalizer: must be an object, not array"},
      {"/normalizer/normalizers/0/precompiled_charsmap", "AAAA", "precompiled_charsmap: 3 bytes are too few"},
      {"/normalizer/normalizers/0/precompiled_charsmap", "/////w==", "its trie is said to have 4294967295 bytes, of 0"},
      {"/normalizer/normalizers/0/precompiled_charsmap", 1.5, "precompiled_charsmap: must be a string, not 1.5"},
      {"/normalizer/normalizers/0/type", "Bert", "normalizer.normalizers[0]: the normalizer \"Bert\""},
      {"/pre_tokenizer/replacement", "▁▁", "pre_tokenizer: \"replacement\" must be one character"},
      {"/pre_tokenizer/type", "ByteLevel", "the pre-tokenizer \"ByteLevel\" is not supported"},
      {"/added_tokens", {{"content", "x"}}, "added_tokens: must be a list, not object"},
      {"/added_tokens/1/content", 3, "added_tokens[1].content: must be a string, not 3"},
      {"/post_processor", nullptr, "\"post_processor\" is missing"},
      {"/post_processor/type", "BertProcessing", "the post-processor \"BertProcessing\" is not supported"},
      {"/post_processor/single/1/SpecialToken/id", "[SEP]", "post_processor.special_tokens: \"[SEP]\" is missing"},
      {"/post_processor/special_tokens/<~1s>/ids/0", 300, "post_processor.single[1].SpecialToken: id 300 is not in"},
      {"/post_processor/special_tokens/<~1s>/ids/0", -1, "ids[0]: must be a whole number from 0 to"},
      {"/post_processor/single/0", {{"SpecialToken", {{"id", "</s>"}}}}, "post_processor.single: the prompt is not in"},
  };
  for (const Case& c : cases) {
    const absl::Status status = StatusWith(c.pointer, c.value);
    EXPECT_THAT(status.code(), AnyOf(absl::StatusCode::kDataLoss, absl::StatusCode::kFailedPrecondition)) << c.pointer;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
    EXPECT_THAT(std::string(status.message()), StartsWith(folder_.File("tokenizer.json"))) << c.pointer;
  }
}

TEST_F(HostileTokenizer, NumbersBeyondFloat64AreDataLoss) {
  std::string bytes = good_;
  const std::string score = "[\"<pad>\",";
  bytes.insert(bytes.find(score) + score.size(), "1e999");
  EXPECT_EQ(Load(bytes).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(HostileTokenizer, DeepNestingIsNoStackOverflow) {
  const std::string deep(200000, '[');
  EXPECT_EQ(Load(R"({"model":)" + deep).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Load(R"({"model":)" + deep + std::string(200000, ']') + "}").status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(HostileTokenizer, FolderInPlaceOfTheFileIsNamed) {
  WriteFile(folder_.File("tokenizer.json/x"), "");
  const absl::Status status = Umt5Tokenizer::Load(folder_.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(HostileTokenizer, ChangedBytesGiveAFaultOrAWorkingTokenizer) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    std::string bytes = good_;
    for (int changes = 1 + static_cast<int>(random() % 3); changes > 0; --changes) {
      const size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, 1 + random() % 40);
          break;
        default:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
      }
    }
    ExpectFaultOrUse(bytes);
  }
}

// Changes inside the base64 text alone, so that they reach the trie.
TEST_F(HostileTokenizer, ChangedCharsmapGivesAFaultOrAWorkingTokenizer) {
  const std::string key = "\"precompiled_charsmap\":\"";
  const size_t begin = good_.find(key) + key.size();
  const size_t size = good_.find('"', begin) - begin;
  std::mt19937 random(4);
  for (int round = 0; round < 500; ++round) {
    std::string bytes = good_;
    for (int changes = 1 + static_cast<int>(random() % 8); changes > 0; --changes) {
      bytes[begin + random() % size] =
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[random() % 64];
    }
    ExpectFaultOrUse(bytes);
  }
}

}  // namespace
}  // namespace wan

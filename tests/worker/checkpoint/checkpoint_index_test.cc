#include "worker/checkpoint/checkpoint_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/files.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

bool NothingIgnored(const std::string&) { return false; }

std::string OneTensor(const std::string& name, const std::string& dtype, int bytes) {
  return SafetensorsBytes("{\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[1],\"data_offsets\":[0," +
                              std::to_string(bytes) + "]}}",
                          std::string(static_cast<size_t>(bytes), 'd'));
}

TEST(CheckpointIndex, FindsTensorsOfShards) {
  TemporaryFolder folder;
  WriteFile(folder.File("model.safetensors.index.json"), R"({"weight_map":{"a":"1.safetensors","b":"2.safetensors"}})");
  WriteFile(folder.File("1.safetensors"), OneTensor("a", "F32", 4));
  WriteFile(folder.File("2.safetensors"), OneTensor("b", "BF16", 2));
  const auto index = CheckpointIndex::Open(folder.path());
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_EQ(index->Find("b").item_bytes, 2);
  EXPECT_TRUE(index->Check({{"a", {1}}, {"b", {1}}}, NothingIgnored).ok());
}

TEST(CheckpointIndex, OneErrorListsMissingUnexpectedAndMisshapen) {
  TemporaryFolder folder;
  WriteFile(folder.File("model.safetensors"),
            SafetensorsBytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                             R"("b":{"dtype":"I8","shape":[1],"data_offsets":[4,5]},)"
                             R"("extra":{"dtype":"U8","shape":[1],"data_offsets":[5,6]},)"
                             R"("skip":{"dtype":"U8","shape":[1],"data_offsets":[6,7]}})",
                             "1234567"));
  const auto index = CheckpointIndex::Open(folder.path());
  ASSERT_TRUE(index.ok()) << index.status();
  const absl::Status status =
      index->Check({{"a", {2, 3}}, {"b", {1}}, {"gone", {1}}}, [](const std::string& name) { return name == "skip"; });
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("1 missing: gone"));
  EXPECT_THAT(message, HasSubstr("1 unexpected: extra"));
  EXPECT_THAT(message, HasSubstr("a is [1], config.json says [2, 3]"));
  EXPECT_THAT(message, HasSubstr("b is I8"));
}

TEST(CheckpointIndex, NameInMapButNotInShardIsCorrupt) {
  TemporaryFolder folder;
  WriteFile(folder.File("model.safetensors.index.json"), R"({"weight_map":{"a":"1.safetensors","b":"1.safetensors"}})");
  WriteFile(folder.File("1.safetensors"), OneTensor("a", "F32", 4));
  const absl::Status status = CheckpointIndex::Open(folder.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("tensor 'b' is not in 1.safetensors"));
}

TEST(CheckpointIndex, RefusesShardOutsideTheFolder) {
  TemporaryFolder folder;
  WriteFile(folder.File("model.safetensors.index.json"), R"({"weight_map":{"a":"../1.safetensors"}})");
  EXPECT_THAT(std::string(CheckpointIndex::Open(folder.path()).status().message()),
              HasSubstr("not a file of this folder"));
}

TEST(CheckpointIndex, FolderWithoutWeightsSaysWhatIsMissing) {
  TemporaryFolder folder;
  const absl::Status status = CheckpointIndex::Open(folder.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no diffusion_pytorch_model.safetensors"));
}

}  // namespace
}  // namespace wan

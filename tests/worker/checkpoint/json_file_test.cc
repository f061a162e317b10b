#include "worker/checkpoint/json_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/files.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

TEST(JsonFile, MissingIsFailedPreconditionAndGarbageIsDataLoss) {
  TemporaryFolder folder;
  EXPECT_EQ(ReadJsonFile(folder.File("none")).status().code(), absl::StatusCode::kFailedPrecondition);
  WriteFile(folder.File("x"), "{\"a\": ]");
  const absl::Status status = ReadJsonFile(folder.File("x")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("not JSON at byte 7"));
  WriteFile(folder.File("y"), "[1]");
  EXPECT_EQ(ReadJsonFile(folder.File("y")).status().code(), absl::StatusCode::kDataLoss);
  WriteFile(folder.File("z"), "{\"a\": 1e999}");
  EXPECT_EQ(ReadJsonFile(folder.File("z")).status().code(), absl::StatusCode::kDataLoss);
}

TEST(JsonFile, NestedTooDeepIsRefusedBeforeItCanExhaustTheStack) {
  TemporaryFolder folder;
  WriteFile(folder.File("x"), "{\"a\": " + std::string(100000, '[') + std::string(100000, ']') + "}");
  EXPECT_THAT(std::string(ReadJsonFile(folder.File("x")).status().message()), HasSubstr("nested deeper than 64"));
}

TEST(JsonConfig, AbsentAndNullTakeTheDefault) {
  const nlohmann::json json = {{"a", nullptr}};
  JsonConfig config(json, "config.json");
  EXPECT_EQ(config.Int("a", 3, 1, 9), 3);
  EXPECT_EQ(config.String("b", "x"), "x");
  EXPECT_TRUE(config.Finish().ok());
}

TEST(JsonConfig, ListsEveryFaultWithKeyAndValue) {
  const nlohmann::json json = {{"layers", -1}, {"eps", "small"}, {"mult", {1, "two"}}, {"flag", 1}};
  JsonConfig config(json, "config.json");
  config.Int("layers", 3, 1, 9);
  config.Double("eps", 1e-6);
  config.Ints("mult", {1});
  config.Bool("flag", true);
  const std::string message(config.Finish().message());
  EXPECT_THAT(message, HasSubstr("config.json: layers: must be a whole number from 1 to 9, not -1"));
  EXPECT_THAT(message, HasSubstr("eps: must be a number, not \"small\""));
  EXPECT_THAT(message, HasSubstr("mult: must be a list of whole numbers"));
  EXPECT_THAT(message, HasSubstr("flag: must be true or false, not 1"));
}

}  // namespace
}  // namespace wan

#include "worker/checkpoint/safetensors_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/testing/files.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

// The status of opening a file with this header and `data_bytes` bytes of data.
absl::Status OpenStatus(const std::string& header, size_t data_bytes) {
  TemporaryFolder folder;
  WriteFile(folder.File("x.safetensors"), SafetensorsBytes(header, std::string(data_bytes, '\1')));
  return SafetensorsFile::Open(folder.File("x.safetensors")).status();
}

void ExpectDataLoss(const absl::Status& status, const std::string& text) {
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  EXPECT_THAT(std::string(status.message()), HasSubstr("x.safetensors"));
}

TEST(SafetensorsFile, ReadsByteRangesOfATensor) {
  TemporaryFolder folder;
  WriteFile(folder.File("x"), SafetensorsBytes(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                                               R"("b":{"dtype":"F32","shape":[],"data_offsets":[4,8]}})",
                                               "abcdWXYZ"));
  const auto file = SafetensorsFile::Open(folder.File("x"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->tensors().at("b").num_elements(), 1);
  char out[2];
  ASSERT_TRUE(file->Read("a", 1, 2, out).ok());
  EXPECT_EQ(std::string(out, 2), "bc");
}

TEST(SafetensorsFile, AcceptsEmptyMetadataPaddingAndAnyOrder) {
  EXPECT_TRUE(OpenStatus(R"({"__metadata__":{},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]},)"
                         R"("a":{"dtype":"I16","shape":[1],"data_offsets":[0,2]}}     )",
                         4)
                  .ok());
  EXPECT_TRUE(OpenStatus(R"({"empty":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]}})", 0).ok());
}

TEST(SafetensorsFile, RefusesDuplicateName) {
  ExpectDataLoss(OpenStatus(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                            R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
                            2),
                 "tensor 'a': the name occurs twice");
}

TEST(SafetensorsFile, RefusesOverlap) {
  ExpectDataLoss(OpenStatus(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                            R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
                            4),
                 "tensor 'b': its bytes from 2 overlap those before 3");
}

TEST(SafetensorsFile, RefusesHole) {
  ExpectDataLoss(OpenStatus(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                            R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
                            4),
                 "bytes 1 to 2 before it belong to no tensor");
}

TEST(SafetensorsFile, RefusesBytesThatDoNotFitShapeAndDtype) {
  ExpectDataLoss(OpenStatus(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4),
                 "tensor 'a': bytes 0 to 4 are 4, but F32 [2] takes 8");
}

TEST(SafetensorsFile, RefusesReversedOffsets) {
  ExpectDataLoss(OpenStatus(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[4,2]}})", 4),
                 "tensor 'a': its bytes begin at 4, after their end at 2");
}

TEST(SafetensorsFile, RefusesFileShorterThanItsHeaderSays) {
  const std::string header = R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})";
  ExpectDataLoss(OpenStatus(header, 7), "the file has " + std::to_string(8 + header.size() + 7) +
                                            " bytes, the header needs at least " +
                                            std::to_string(8 + header.size() + 8));
}

TEST(SafetensorsFile, RefusesTrailingBytes) {
  ExpectDataLoss(OpenStatus(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 2), "the header describes");
}

TEST(SafetensorsFile, RefusesOverflowingShape) {
  ExpectDataLoss(OpenStatus(R"({"a":{"dtype":"U8","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0),
                 "overflows");
}

TEST(SafetensorsFile, RefusesNegativeFractionalAndHugeNumbers) {
  for (const char* number : {"-1", "1.5", "18446744073709551615", "\"1\"", "null"}) {
    const std::string header = std::string(R"({"a":{"dtype":"U8","shape":[)") + number + R"(],"data_offsets":[0,1]}})";
    ExpectDataLoss(OpenStatus(header, 1), "tensor 'a': a dimension of its shape");
  }
}

TEST(SafetensorsFile, RefusesUnknownDtypeAndMalformedEntries) {
  ExpectDataLoss(OpenStatus(R"({"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,1]}})", 1), "dtype 'Q4'");
  ExpectDataLoss(OpenStatus(R"({"a":{"dtype":"U8","shape":[1]}})", 1), "no 'data_offsets'");
  ExpectDataLoss(OpenStatus(R"({"a":7})", 1), "not an object");
  ExpectDataLoss(OpenStatus(R"([1,2])", 1), "not a JSON object");
  ExpectDataLoss(OpenStatus(R"({"a":)", 1), "not JSON");
}

TEST(SafetensorsFile, RefusesHeaderLongerThanTheFile) {
  TemporaryFolder folder;
  WriteFile(folder.File("x.safetensors"), std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10));
  ExpectDataLoss(SafetensorsFile::Open(folder.File("x.safetensors")).status(), "header length 9223372036854775807");
  WriteFile(folder.File("x.safetensors"), "abc");
  ExpectDataLoss(SafetensorsFile::Open(folder.File("x.safetensors")).status(), "3 bytes are too few");
}

TEST(SafetensorsFile, ShrinkingFileIsAnErrorWithItsOffset) {
  TemporaryFolder folder;
  const std::string path = folder.File("x.safetensors");
  const std::string bytes =
      SafetensorsBytes(R"({"a":{"dtype":"U8","shape":[64],"data_offsets":[0,64]}})", std::string(64, 'x'));
  WriteFile(path, bytes);
  const auto file = SafetensorsFile::Open(path);
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(bytes.size()) - 10), 0);
  char out[64];
  const absl::Status status = file->Read("a", 0, 64, out);
  ExpectDataLoss(status, "tensor 'a': the file ends at byte " + std::to_string(bytes.size() - 10));
}

TEST(SafetensorsFile, MissingFileIsNotFound) {
  EXPECT_EQ(SafetensorsFile::Open("/nonexistent/x").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace wan

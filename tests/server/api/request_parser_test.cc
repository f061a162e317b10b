#include "server/api/request_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wan/v1/job.pb.h"
#include "wan/v1/video_generation.pb.h"

namespace wan {
namespace {

// A field of a message as bytes, so that it may hold what protobuf would not write.
std::string Field(int number, const std::string& value) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(value.size())} + value;
}

std::vector<std::string> Fields(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : GetErrorDetails(status).violations) fields.push_back(violation.field);
  return fields;
}

TEST(RequestParser, NamesEveryFieldThatIsNotUtf8WithItsByte) {
  const std::string bytes =
      Field(1, Field(1, "wan-shapes") + Field(2, "red \xff ball") + Field(3, "\xc3")) + Field(2, std::string("\x80"));
  v1::SubmitJobRequest request;
  const absl::Status status = ParseRequest(bytes, request);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_TRUE(HasReason(status, kInvalidSpec));
  EXPECT_THAT(Fields(status), testing::ElementsAre("spec.prompt", "spec.negative_prompt", "request_id"));
  EXPECT_THAT(GetErrorDetails(status).violations[0].description, testing::HasSubstr("byte 4"));
}

TEST(RequestParser, CountsTheElementsOfRepeatedFields) {
  const std::string bytes = Field(15, Field(6, "ok")) + Field(15, Field(6, "\xff"));  // Job.videos[1].sha256
  v1::Job job;
  EXPECT_THAT(Fields(ParseRequest(bytes, job)), testing::ElementsAre("videos[1].sha256"));
}

TEST(RequestParser, DamagedBytesAreInvalidArgumentToo) {
  v1::SubmitJobRequest request;
  for (const std::string& bytes :
       {std::string("\x0a\x7f"), std::string("\xff\xff\xff\xff\xff\xff"), std::string("\x00", 1), std::string("\x0b"),
        std::string("\x0a\xff\xff\xff\xff\x0f")}) {
    const absl::Status status = ParseRequest(bytes, request);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_TRUE(HasReason(status, kInvalidRequest)) << status;
  }
}

TEST(RequestParser, TextOfAllPlanesAndUnknownFieldsPass) {
  v1::SubmitJobRequest request;
  const std::string bytes =
      Field(1, Field(2, "Một quả bóng \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80")) + Field(9, "\xff");
  ASSERT_TRUE(ParseRequest(bytes, request).ok());
  EXPECT_THAT(request.spec().prompt(), testing::StartsWith("Một"));
}

}  // namespace
}  // namespace wan

#include "common/rpc/grpc_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/utf8.h"
#include "google/rpc/error_details.pb.h"

namespace wan {
namespace {

using ::testing::HasSubstr;

std::string Repeated(absl::string_view text, int count) {
  std::string repeated;
  for (int i = 0; i < count; ++i) absl::StrAppend(&repeated, text);
  return repeated;
}

// What the status takes in a trailer block, counted as HTTP/2 does: name, value and 32 a header.
size_t TrailerBytes(const grpc::Status& status) {
  size_t message = 0;
  for (const unsigned char c : status.error_message()) message += c >= 0x20 && c <= 0x7E && c != '%' ? 1 : 3;
  size_t bytes = strlen("grpc-status") + 2 + 32 + strlen("grpc-message") + message + 32;
  return bytes + strlen("grpc-status-details-bin") + absl::Base64Escape(status.error_details()).size() + 32;
}

template <typename Detail>
bool FindDetail(const google::rpc::Status& status, Detail* detail) {
  for (const auto& any : status.details()) {
    if (any.UnpackTo(detail)) return true;
  }
  return false;
}

TEST(GrpcStatus, CodeMessageAndDetailsSurviveTheRoundTrip) {
  const absl::Status status =
      WithDetails(absl::AbortedError("rank 3 died"), {.reason = kRingLost,
                                                      .metadata = {{"phase", "denoising"}, {"step", "3"}},
                                                      .violations = {{"spec.width", "60 is bad"}}});
  for (const absl::Status& back : {FromGrpcStatus(ToGrpcStatus(status)), FromRpcStatus(ToRpcStatus(status))}) {
    EXPECT_EQ(back.code(), absl::StatusCode::kAborted);
    EXPECT_EQ(back.message(), "rank 3 died");
    const ErrorDetails details = GetErrorDetails(back);
    EXPECT_EQ(details.reason, kRingLost);
    EXPECT_EQ(details.metadata, (std::map<std::string, std::string>{{"phase", "denoising"}, {"step", "3"}}));
    ASSERT_EQ(details.violations.size(), 1u);
    EXPECT_EQ(details.violations[0].field, "spec.width");
    EXPECT_EQ(details.violations[0].description, "60 is bad");
  }
}

TEST(GrpcStatus, OkStaysOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
  EXPECT_TRUE(FromRpcStatus(ToRpcStatus(absl::OkStatus())).ok());
}

TEST(GrpcStatus, StandardClientsFindReasonAndDomain) {
  google::rpc::Status message;
  const auto status = ToGrpcStatus(MakeError(absl::StatusCode::kNotFound, kJobNotFound, "no job x", {{"job", "x"}}));
  ASSERT_TRUE(message.ParseFromString(status.error_details()));
  EXPECT_EQ(message.code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(message.message(), "no job x");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(FindDetail(message, &info));
  EXPECT_EQ(info.reason(), "JOB_NOT_FOUND");
  EXPECT_EQ(info.domain(), "wan");
  EXPECT_EQ(info.metadata().at("job"), "x");
}

TEST(GrpcStatus, QueueFullCarriesItsRetryDelay) {
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(FindDetail(ToRpcStatus(MakeError(absl::StatusCode::kResourceExhausted, kQueueFull, "full",
                                               {{kRetryDelaySecondsKey, "12.5"}})),
                         &retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 12);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
  ASSERT_TRUE(FindDetail(ToRpcStatus(MakeError(absl::StatusCode::kResourceExhausted, kQueueFull, "full")), &retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 10);
  EXPECT_FALSE(FindDetail(ToRpcStatus(MakeError(absl::StatusCode::kResourceExhausted, kRingBusy, "busy")), &retry));
}

TEST(GrpcStatus, StatusWithoutDetailsKeepsCodeAndMessage) {
  const grpc::Status status = ToGrpcStatus(absl::UnavailableError("away"));
  EXPECT_EQ(status.error_details(), "");
  EXPECT_EQ(FromGrpcStatus(status), absl::UnavailableError("away"));
  EXPECT_EQ(FromGrpcStatus(grpc::Status(grpc::StatusCode::INTERNAL, "odd", "\xFFnot a message")),
            absl::InternalError("odd"));
  google::rpc::Status unknown;
  unknown.set_code(99);
  EXPECT_EQ(FromRpcStatus(unknown).code(), absl::StatusCode::kUnknown);
}

// A request with many faults whose texts are long: code, reason and first violations arrive all the same.
TEST(GrpcStatus, HugeErrorFitsIntoTrailersAndSaysHowMuchIsCutOff) {
  const std::string cjk = Repeated("猫", 300'000);
  std::vector<FieldViolation> violations = {{"spec.width", "60 is not a multiple of 16; nearest legal value is 64"},
                                            {"spec.prompt", cjk},
                                            {"spec.negative_prompt", cjk}};
  for (int i = 0; i < 200; ++i) {
    violations.push_back({absl::StrCat("labels[", i, "]"), absl::StrCat(std::string(200, 'x'), " is illegal")});
  }
  const grpc::Status status = ToGrpcStatus(InvalidSpecError(violations));
  EXPECT_LT(TrailerBytes(status), 6000u);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(IsValidUtf8(status.error_message()));
  EXPECT_THAT(status.error_message(), HasSubstr("spec.width: 60 is not a multiple of 16"));
  EXPECT_TRUE(absl::EndsWith(status.error_message(), "… and 202 more")) << status.error_message();

  const ErrorDetails details = GetErrorDetails(FromGrpcStatus(status));
  EXPECT_EQ(details.reason, kInvalidSpec);
  ASSERT_GE(details.violations.size(), 4u);
  EXPECT_EQ(details.violations[0].field, "spec.width");
  EXPECT_EQ(details.violations[0].description, "60 is not a multiple of 16; nearest legal value is 64");
  const size_t kept = details.violations.size() - 1;
  EXPECT_EQ(details.violations[kept].field, "");
  EXPECT_EQ(details.violations[kept].description, absl::StrCat("… and ", 203 - kept, " more"));
}

TEST(GrpcStatus, EveryKindOfHugeContentIsCut) {
  std::map<std::string, std::string> metadata;
  for (int i = 0; i < 50; ++i) metadata[absl::StrCat(i, Repeated("ключ", 100))] = Repeated("значение", 100);
  for (const absl::string_view unit : {"x", "猫", "😀", "%", "\n", "\xFF", "é"}) {
    std::vector<FieldViolation> violations(100, {Repeated(unit, 1000), Repeated(unit, 1000)});
    const grpc::Status status =
        ToGrpcStatus(WithDetails(absl::InternalError(Repeated(unit, 50'000)),
                                 {.reason = kStorage, .metadata = metadata, .violations = violations}));
    EXPECT_LT(TrailerBytes(status), 6000u) << unit;
    EXPECT_TRUE(IsValidUtf8(status.error_message()));
    google::rpc::Status message;
    EXPECT_TRUE(message.ParseFromString(status.error_details())) << unit;
    EXPECT_EQ(GetErrorDetails(FromGrpcStatus(status)).reason, kStorage);
  }
}

TEST(GrpcStatus, ShortMessageWithBadBytesIsMadeValid) {
  EXPECT_EQ(ToGrpcStatus(absl::InternalError("a\xFFz")).error_message(), "a\xEF\xBF\xBDz");
}

TEST(GrpcStatus, LongMessageWithoutViolationsEndsWithAnEllipsis) {
  const grpc::Status status = ToGrpcStatus(absl::DataLossError(std::string(2000, 'x')));
  EXPECT_LE(status.error_message().size(), 1024u);
  EXPECT_GT(status.error_message().size(), 900u);
  EXPECT_TRUE(absl::EndsWith(status.error_message(), "x…"));
  const std::string fits(1024, 'x');
  EXPECT_EQ(ToGrpcStatus(absl::DataLossError(fits)).error_message(), fits);
}

}  // namespace
}  // namespace wan

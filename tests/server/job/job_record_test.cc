#include "server/job/job_record.h"

#include <gtest/gtest.h>

#include "common/error.h"
#include "tests/server/job/test_jobs.h"

namespace wan {
namespace {

TEST(JobRecord, SpecWithItsOriginsComesBackUnchanged) {
  ResolvedSpec resolved = TestJob("prompt with \xe2\x82\xac and a\nnew line").resolved;
  resolved.spec.seed = INT64_MAX;
  resolved.spec.guidance_scale = 0.1;  // no exact binary value
  resolved.spec.fps = {30000, 1001};
  resolved.spec.codec = VideoCodec::kFfv1;
  resolved.spec.scheduler = NoiseSchedulerKind::kDpm;
  const auto decoded = DecodeResolvedSpec(EncodeResolvedSpec(resolved));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->spec, resolved.spec);
  EXPECT_EQ(decoded->origins, resolved.origins);
}

TEST(JobRecord, ErrorKeepsCodeMessageAndDetails) {
  const absl::Status error = MakeError(absl::StatusCode::kDataLoss, kNonFinite, "latents are not finite",
                                       {{"phase", "denoising"}, {"step", "3"}});
  absl::Status decoded;
  ASSERT_TRUE(DecodeError(EncodeError(error), decoded).ok());
  EXPECT_EQ(decoded.code(), error.code());
  EXPECT_EQ(decoded.message(), error.message());
  EXPECT_EQ(GetErrorDetails(decoded).reason, kNonFinite);
  EXPECT_EQ(GetErrorDetails(decoded).metadata.at("step"), "3");
}

TEST(JobRecord, NoErrorIsNoBytes) {
  absl::Status decoded = absl::InternalError("before");
  EXPECT_EQ(EncodeError(absl::OkStatus()), "");
  ASSERT_TRUE(DecodeError("", decoded).ok());
  EXPECT_TRUE(decoded.ok());
}

TEST(JobRecord, ForeignBytesAreRefused) {
  EXPECT_EQ(DecodeResolvedSpec("\xff\xff\xff").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeResolvedSpec("").status().code(), absl::StatusCode::kDataLoss);
  absl::Status decoded;
  EXPECT_EQ(DecodeError("\xff\xff\xff", decoded).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace wan

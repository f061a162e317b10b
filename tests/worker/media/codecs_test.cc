#include "worker/media/codecs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "worker/media/video_encoder.h"

namespace wan {
namespace {

TEST(Codecs, DebiansLibavcodecOffersBoth) {
  EXPECT_THAT(UsableVideoCodecs(), ::testing::ElementsAre(VideoCodec::kH264, VideoCodec::kFfv1));
}

TEST(VideoEncoder, RefusedOptionsAreAnEncodeErrorThatNamesThem) {
  for (const VideoEncoderOptions& options : {
           VideoEncoderOptions{.width = 48, .height = 31},
           VideoEncoderOptions{.width = 0, .height = 32},
           VideoEncoderOptions{.width = 48, .height = 32, .preset = "no such preset"},
       }) {
    const auto encoder = VideoEncoder::Open(options);
    EXPECT_TRUE(HasReason(encoder.status(), kEncodeFailed)) << encoder.status();
    EXPECT_NE(encoder.status().message().find("libx264"), std::string::npos) << encoder.status();
  }
}

TEST(VideoEncoder, FrameOfAnotherSizeIsRefused) {
  const auto encoder = VideoEncoder::Open({.width = 48, .height = 32});
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  const std::vector<uint8_t> short_frame(48 * 31 * 3);
  const absl::Status status = (*encoder)->Encode(short_frame, [](AVPacket&) { return absl::OkStatus(); });
  EXPECT_TRUE(HasReason(status, kEncodeFailed)) << status;
}

}  // namespace
}  // namespace wan

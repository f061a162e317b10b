// The files that come out are what players expect.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/e2e/video_maker.h"

namespace wan {
namespace {

class VideoFileTest : public testing::Test {
 protected:
  VideoFileTest() : house_({}) { house_.Start(); }
  DecodedVideo Make(std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--model", "wan-shapes", "--prompt", "a red ball", "--steps", "2", "--seed", "3"});
    const MadeVideos made = Generate(house_, flags);
    EXPECT_EQ(made.videos.size(), 1u);
    return made.videos.empty() ? DecodedVideo() : made.videos[0];
  }

  House house_;
};

TEST_F(VideoFileTest, SeventeenFramesAtSixteenASecondLastSeventeenSixteenths) {
  const DecodedVideo video = Make({"--frames", "17", "--fps", "16"});
  EXPECT_EQ(video.duration_seconds, (Rational{17, 16}));
  EXPECT_EQ(video.num_packets, 17);
  EXPECT_EQ(video.num_frames, 17);
  EXPECT_EQ(video.average_frame_rate, (Rational{16, 1}));
  EXPECT_EQ(video.start_seconds, (Rational{0, 1}));
}

TEST_F(VideoFileTest, OneFrameLastsOneFrame) {
  const DecodedVideo video = Make({"--frames", "1", "--fps", "16"});
  EXPECT_EQ(video.duration_seconds, (Rational{1, 16}));
  EXPECT_EQ(video.num_packets, 1);
  EXPECT_EQ(video.num_frames, 1);
}

TEST_F(VideoFileTest, AFractionalRateIsExact) {
  const DecodedVideo video = Make({"--frames", "9", "--fps", "30000/1001"});
  EXPECT_EQ(video.duration_seconds, (Rational{9 * 1001, 30000}));
  EXPECT_EQ(video.average_frame_rate, (Rational{30000, 1001}));
  ASSERT_EQ(video.frame_times_seconds.size(), 9u);
  EXPECT_EQ(video.frame_times_seconds[8], (Rational{8 * 1001, 30000}));
}

TEST_F(VideoFileTest, AnMp4PlaysInBrowsers) {
  const DecodedVideo video = Make({"--frames", "5", "--width", "48", "--height", "32", "--codec", "h264"});
  EXPECT_EQ(video.width, 48);
  EXPECT_EQ(video.height, 32);
  EXPECT_EQ(video.pixel_format, "yuv420p");
  EXPECT_EQ(video.color_range, "tv");
  EXPECT_EQ(video.color_space, "bt709");
  EXPECT_EQ(video.color_primaries, "bt709");
  EXPECT_EQ(video.color_transfer, "bt709");
  EXPECT_EQ(video.codec_tag, "avc1");
  EXPECT_EQ(video.profile, "High");
  EXPECT_TRUE(video.has_parameter_sets);
  EXPECT_EQ(video.sample_aspect_ratio, (Rational{1, 1}));
  ASSERT_GE(video.boxes.size(), 3u);
  EXPECT_EQ(video.boxes[0], "ftyp");
  EXPECT_EQ(video.boxes[1], "moov");
  EXPECT_THAT(video.boxes, testing::Contains("mdat"));
  EXPECT_EQ(video.metadata.at("wan_model"), "wan-shapes");
  EXPECT_EQ(video.metadata.count("wan_version"), 1u);
  // SHA-256 of "a red ball": the prompt itself does not travel with the file.
  EXPECT_EQ(video.metadata.at("wan_prompt_sha256"), "9bc68b58423cea50482c3ca059001a649da8744068ef65ed02ac0f9fbba501f8");
}

TEST_F(VideoFileTest, TheMp4ShowsTheFramesOfTheLosslessFile) {
  const DecodedVideo lossless = Make({"--codec", "ffv1", "--frames", "5"});
  const DecodedVideo lossy = Make({"--codec", "h264", "--frames", "5"});
  ASSERT_EQ(lossless.frames.size(), lossy.frames.size());
  ASSERT_FALSE(lossy.frames.empty());
  double sum = 0;
  for (size_t i = 0; i < lossy.frames.size(); ++i) sum += std::abs(int{lossless.frames[i]} - int{lossy.frames[i]});
  EXPECT_LT(sum / static_cast<double>(lossy.frames.size()), 8);
}

}  // namespace
}  // namespace wan

#include "worker/media/video_muxer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>
#include <iterator>
#include <random>

#include "common/error.h"
#include "tests/testing/video_reader.h"
#include "tests/worker/media/scratch_folder.h"

namespace wan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kWidth = 48;
constexpr int64_t kHeight = 32;

std::vector<uint8_t> Noise(int64_t num_frames, int64_t width = kWidth, int64_t height = kHeight) {
  std::mt19937 random(7);
  std::vector<uint8_t> frames(num_frames * width * height * 3);
  for (uint8_t& value : frames) value = static_cast<uint8_t>(random());
  return frames;
}

std::vector<uint8_t> Plain(int64_t num_frames, std::array<uint8_t, 3> rgb) {
  std::vector<uint8_t> frames;
  for (int64_t i = 0; i < num_frames * kWidth * kHeight; ++i) frames.insert(frames.end(), rgb.begin(), rgb.end());
  return frames;
}

VideoMuxer::Options OptionsFor(const std::string& path, VideoCodec codec, FrameRate rate = {16, 1}) {
  return {.path = path,
          .encoder = {.width = kWidth, .height = kHeight, .frame_rate = rate, .codec = codec},
          .metadata = {{"wan_model", "wan-shapes"}, {"wan_seed", "9223372036854775807"}}};
}

absl::StatusOr<VideoMuxer::Result> WriteVideo(const VideoMuxer::Options& options, const std::vector<uint8_t>& frames) {
  auto muxer = VideoMuxer::Open(options);
  if (!muxer.ok()) return muxer.status();
  if (const absl::Status status = (*muxer)->Write(frames); !status.ok()) return status;
  return (*muxer)->Finish();
}

std::string Bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class VideoMuxerTest : public ::testing::Test {
 protected:
  DecodedVideo WriteAndRead(const VideoMuxer::Options& options, const std::vector<uint8_t>& frames) {
    const auto result = WriteVideo(options, frames);
    EXPECT_TRUE(result.ok()) << result.status();
    auto video = ReadVideo(options.path);
    EXPECT_TRUE(video.ok()) << video.status();
    return video.ok() ? *std::move(video) : DecodedVideo();
  }

  ScratchFolder folder_;
};

TEST_F(VideoMuxerTest, ResultTellsSizeAndFrames) {
  const auto options = OptionsFor(folder_.File("a.mp4"), VideoCodec::kH264);
  const auto result = WriteVideo(options, Noise(5));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->num_frames, 5);
  EXPECT_EQ(result->size_bytes, static_cast<int64_t>(std::filesystem::file_size(options.path)));
}

// Field case BC-08: the last frame had no duration.
struct Timing {
  int64_t num_frames;
  FrameRate rate;
};
class VideoMuxerTimingTest : public VideoMuxerTest, public ::testing::WithParamInterface<Timing> {};

TEST_P(VideoMuxerTimingTest, Mp4LastsExactlyFramesOverRate) {
  const auto [num_frames, rate] = GetParam();
  const DecodedVideo video =
      WriteAndRead(OptionsFor(folder_.File("a.mp4"), VideoCodec::kH264, rate), Noise(num_frames));
  EXPECT_EQ(video.num_packets, num_frames);
  EXPECT_EQ(video.num_frames, num_frames);
  EXPECT_EQ(video.duration_seconds, (Rational{num_frames * rate.denominator, rate.numerator}));
  EXPECT_EQ(video.average_frame_rate, (Rational{rate.numerator, rate.denominator}));
  EXPECT_EQ(video.start_seconds, (Rational{0, 1}));
  const double seconds = static_cast<double>(num_frames) * rate.denominator / rate.numerator;
  EXPECT_NEAR(video.container_seconds.numerator / 1e6, seconds, 1e-6);  // in whole microseconds
  for (int64_t i = 0; i < static_cast<int64_t>(video.frame_times_seconds.size()); ++i) {
    EXPECT_EQ(video.frame_times_seconds[i], (Rational{i * rate.denominator, rate.numerator})) << "frame " << i;
  }
}

TEST_P(VideoMuxerTimingTest, MatroskaHasTheExactRateAndMillisecondTimes) {
  const auto [num_frames, rate] = GetParam();
  const DecodedVideo video =
      WriteAndRead(OptionsFor(folder_.File("a.mkv"), VideoCodec::kFfv1, rate), Noise(num_frames));
  EXPECT_EQ(video.num_packets, num_frames);
  EXPECT_EQ(video.average_frame_rate, (Rational{rate.numerator, rate.denominator}));
  const double seconds = static_cast<double>(num_frames) * rate.denominator / rate.numerator;
  EXPECT_NEAR(video.container_seconds.numerator / 1e6, seconds, 1e-3);
  for (int64_t i = 0; i < static_cast<int64_t>(video.frame_times_seconds.size()); ++i) {
    EXPECT_NEAR(static_cast<double>(video.frame_times_seconds[i].numerator) / video.frame_times_seconds[i].denominator,
                static_cast<double>(i) * rate.denominator / rate.numerator, 5.1e-4)
        << "frame " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, VideoMuxerTimingTest,
                         ::testing::Values(Timing{17, {16, 1}}, Timing{1, {16, 1}}, Timing{9, {30000, 1001}},
                                           Timing{81, {24, 1}}, Timing{5, {24000, 1001}}, Timing{2, {1, 1}},
                                           Timing{5, {32, 2}}, Timing{5, {120, 1}}),
                         [](const auto& info) {
                           return std::to_string(info.param.num_frames) + "FramesAt" +
                                  std::to_string(info.param.rate.numerator) + "Over" +
                                  std::to_string(info.param.rate.denominator);
                         });

// Field case BC-10: files that only a general player took.
TEST_F(VideoMuxerTest, H264IsWhatEveryPlayerTakes) {
  const DecodedVideo video = WriteAndRead(OptionsFor(folder_.File("a.mp4"), VideoCodec::kH264), Noise(5));
  EXPECT_EQ(video.codec, "h264");
  EXPECT_EQ(video.codec_tag, "avc1");
  EXPECT_TRUE(video.has_parameter_sets);
  EXPECT_THAT(video.profile, ::testing::AnyOf("High", "Main", "Constrained Baseline"));
  EXPECT_EQ(video.pixel_format, "yuv420p");
  EXPECT_EQ(video.color_range, "tv");
  EXPECT_EQ(video.color_space, "bt709");
  EXPECT_EQ(video.color_primaries, "bt709");
  EXPECT_EQ(video.color_transfer, "bt709");
  EXPECT_EQ(video.chroma_location, "left");
  EXPECT_EQ(video.sample_aspect_ratio, (Rational{1, 1}));
  EXPECT_EQ(video.width, kWidth);
  EXPECT_EQ(video.height, kHeight);
  ASSERT_GE(video.boxes.size(), 3u);
  EXPECT_EQ(video.boxes[0], "ftyp");
  EXPECT_EQ(video.boxes[1], "moov");
  EXPECT_EQ(video.boxes.back(), "mdat");
}

// With another matrix or range than the tags say, colours came back shifted by up to 20 levels.
TEST_F(VideoMuxerTest, H264PixelsAgreeWithTheirColourTags) {
  for (const std::array<uint8_t, 3> rgb : {std::array<uint8_t, 3>{255, 0, 0},
                                           {0, 255, 0},
                                           {0, 0, 255},
                                           {255, 255, 255},
                                           {0, 0, 0},
                                           {128, 128, 128},
                                           {200, 60, 120},
                                           {30, 180, 90}}) {
    const DecodedVideo video = WriteAndRead(OptionsFor(folder_.File("a.mp4"), VideoCodec::kH264), Plain(1, rgb));
    ASSERT_EQ(video.num_frames, 1);
    for (int channel = 0; channel < 3; ++channel) {
      const int got = video.frames[(kWidth * kHeight / 2 + kWidth / 2) * 3 + channel];
      EXPECT_NEAR(got, rgb[channel], 3) << "channel " << channel << " of " << int{rgb[0]} << "," << int{rgb[1]} << ","
                                        << int{rgb[2]};
    }
  }
}

TEST_F(VideoMuxerTest, Ffv1GivesBackEveryPixel) {
  const std::vector<uint8_t> frames = Noise(5);
  const DecodedVideo video = WriteAndRead(OptionsFor(folder_.File("a.mkv"), VideoCodec::kFfv1), frames);
  EXPECT_EQ(video.codec, "ffv1");
  EXPECT_EQ(video.sample_aspect_ratio, (Rational{1, 1}));
  ASSERT_EQ(video.num_frames, 5);
  EXPECT_EQ(video.frames, frames);
  EXPECT_EQ(FramesSha256(video.frames), FramesSha256(frames));
}

TEST_F(VideoMuxerTest, SmallestAndOddlyShapedFramesAreWritten) {
  for (const auto& [width, height] : {std::pair<int64_t, int64_t>{16, 16}, {16, 256}, {272, 16}}) {
    const std::vector<uint8_t> frames = Noise(2, width, height);
    for (const VideoCodec codec : {VideoCodec::kH264, VideoCodec::kFfv1}) {
      auto options = OptionsFor(folder_.File(codec == VideoCodec::kH264 ? "a.mp4" : "a.mkv"), codec);
      options.encoder.width = width;
      options.encoder.height = height;
      const DecodedVideo video = WriteAndRead(options, frames);
      EXPECT_EQ(video.num_frames, 2) << width << "x" << height;
      if (codec == VideoCodec::kFfv1) {
        EXPECT_EQ(video.frames, frames) << width << "x" << height;
      }
    }
  }
}

TEST_F(VideoMuxerTest, MetadataIsReadBackFromBothContainers) {
  const DecodedVideo mp4 = WriteAndRead(OptionsFor(folder_.File("a.mp4"), VideoCodec::kH264), Noise(1));
  EXPECT_EQ(mp4.metadata.at("wan_model"), "wan-shapes");
  EXPECT_EQ(mp4.metadata.at("wan_seed"), "9223372036854775807");
  const DecodedVideo mkv = WriteAndRead(OptionsFor(folder_.File("a.mkv"), VideoCodec::kFfv1), Noise(1));
  EXPECT_EQ(mkv.metadata.at("WAN_MODEL"), "wan-shapes");
  EXPECT_EQ(mkv.metadata.at("WAN_SEED"), "9223372036854775807");
}

TEST_F(VideoMuxerTest, SameFramesGiveTheSameBytesHoweverTheyArePortioned) {
  const std::vector<uint8_t> frames = Noise(17);
  const size_t frame_bytes = frames.size() / 17;
  for (const VideoCodec codec : {VideoCodec::kH264, VideoCodec::kFfv1}) {
    ASSERT_TRUE(WriteVideo(OptionsFor(folder_.File("one"), codec), frames).ok());
    auto muxer = VideoMuxer::Open(OptionsFor(folder_.File("two"), codec));
    ASSERT_TRUE(muxer.ok()) << muxer.status();
    const std::span<const uint8_t> all(frames);
    ASSERT_TRUE((*muxer)->Write(all.first(frame_bytes)).ok());
    ASSERT_TRUE((*muxer)->Write(all.subspan(frame_bytes)).ok());
    ASSERT_TRUE((*muxer)->Finish().ok());
    EXPECT_EQ(Bytes(folder_.File("one")), Bytes(folder_.File("two")));
  }
}

TEST_F(VideoMuxerTest, PathMayHoldColonsAndPercents) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());  // libav would take "job" for a protocol
  EXPECT_EQ(WriteAndRead(OptionsFor("job:7 %03d.mp4", VideoCodec::kH264), Noise(1)).num_frames, 1);
  std::filesystem::current_path(before);
}

TEST_F(VideoMuxerTest, WithoutFinishTheFileIsRemoved) {
  for (const VideoCodec codec : {VideoCodec::kH264, VideoCodec::kFfv1}) {
    auto muxer = VideoMuxer::Open(OptionsFor(folder_.File("a"), codec));
    ASSERT_TRUE(muxer.ok()) << muxer.status();
    ASSERT_TRUE((*muxer)->Write(Noise(5)).ok());
    EXPECT_THAT(folder_.Names(), ElementsAre("a"));
    muxer->reset();
    EXPECT_THAT(folder_.Names(), IsEmpty());
  }
}

TEST_F(VideoMuxerTest, AfterFinishNothingCanBeAdded) {
  auto muxer = VideoMuxer::Open(OptionsFor(folder_.File("a.mp4"), VideoCodec::kH264));
  ASSERT_TRUE((*muxer)->Write(Noise(1)).ok());
  ASSERT_TRUE((*muxer)->Finish().ok());
  EXPECT_FALSE((*muxer)->Write(Noise(1)).ok());
  EXPECT_FALSE((*muxer)->Finish().ok());
  muxer->reset();
  EXPECT_THAT(folder_.Names(), ElementsAre("a.mp4"));
}

TEST_F(VideoMuxerTest, NoFrameAtAllIsAnEncodeErrorAndLeavesNoFile) {
  auto muxer = VideoMuxer::Open(OptionsFor(folder_.File("a.mp4"), VideoCodec::kH264));
  ASSERT_TRUE(muxer.ok()) << muxer.status();
  const auto result = (*muxer)->Finish();
  EXPECT_TRUE(HasReason(result.status(), kEncodeFailed)) << result.status();
  muxer->reset();
  EXPECT_THAT(folder_.Names(), IsEmpty());
}

TEST_F(VideoMuxerTest, PartOfAFrameIsRefusedAndTheErrorStays) {
  auto muxer = VideoMuxer::Open(OptionsFor(folder_.File("a.mp4"), VideoCodec::kH264));
  std::vector<uint8_t> frames = Noise(2);
  frames.pop_back();
  const absl::Status status = (*muxer)->Write(frames);
  EXPECT_TRUE(HasReason(status, kEncodeFailed)) << status;
  EXPECT_EQ((*muxer)->Write(Noise(1)), status);
  EXPECT_EQ((*muxer)->Finish().status(), status);
}

TEST_F(VideoMuxerTest, FolderThatIsNoneIsAStorageError) {
  std::ofstream(folder_.File("file")) << "x";
  for (const std::string& path : {folder_.File("absent/a.mp4"), folder_.File("file/a.mp4")}) {
    const auto muxer = VideoMuxer::Open(OptionsFor(path, VideoCodec::kH264));
    EXPECT_EQ(muxer.status().code(), absl::StatusCode::kInternal);
    EXPECT_TRUE(HasReason(muxer.status(), kStorage)) << muxer.status();
    EXPECT_THAT(std::string(muxer.status().message()), HasSubstr(path));
  }
}

// The device that takes no byte; unlike a small disk it needs no right to mount.
TEST_F(VideoMuxerTest, DeviceWithoutRoomIsAStorageError) {
  std::filesystem::create_symlink("/dev/full", folder_.File("full"));
  const auto result = WriteVideo(OptionsFor(folder_.File("full"), VideoCodec::kFfv1), Noise(40));
  EXPECT_TRUE(HasReason(result.status(), kStorage)) << result.status();
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("No space left"));
  EXPECT_TRUE(std::filesystem::exists("/dev/full"));
}

TEST_F(VideoMuxerTest, DiskThatFillsUpIsAStorageErrorAndIsLeftEmpty) {
  if (!folder_.LimitTo(64)) GTEST_SKIP() << "this process may not mount a small file system";
  for (const VideoCodec codec : {VideoCodec::kH264, VideoCodec::kFfv1}) {
    const auto result = WriteVideo(OptionsFor(folder_.File("a"), codec), Noise(60));
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal);
    EXPECT_TRUE(HasReason(result.status(), kStorage)) << result.status();
    EXPECT_THAT(std::string(result.status().message()), HasSubstr("No space left"));
    EXPECT_THAT(folder_.Names(), IsEmpty());
  }
}

// The frames fit, the move of the index to the front does not: only the trailer can tell.
TEST_F(VideoMuxerTest, DiskThatFillsUpAtTheVeryEndIsAStorageError) {
  const auto options = OptionsFor(folder_.File("a.mp4"), VideoCodec::kH264);
  const auto whole = WriteVideo(options, Noise(17));
  ASSERT_TRUE(whole.ok()) << whole.status();
  const int64_t pages = (whole->size_bytes - 1) / 4096;
  if (!folder_.LimitTo(pages * 4)) GTEST_SKIP() << "this process may not mount a small file system";
  const auto result = WriteVideo(options, Noise(17));
  EXPECT_TRUE(HasReason(result.status(), kStorage)) << result.status();
  EXPECT_THAT(folder_.Names(), IsEmpty());
}

}  // namespace
}  // namespace wan

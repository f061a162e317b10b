#include "worker/media/video_frame_sink.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "absl/synchronization/notification.h"
#include "common/error.h"
#include "tests/testing/video_reader.h"
#include "tests/worker/media/scratch_folder.h"
#include "worker/media/file_sha256.h"

namespace wan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr int64_t kWidth = 48;
constexpr int64_t kHeight = 32;

at::Tensor Frames(int64_t num_frames, int64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  return at::randint(0, 256, {num_frames, kHeight, kWidth, 3}, generator, at::kByte);
}

std::vector<uint8_t> Bytes(const at::Tensor& frames) {
  const uint8_t* data = frames.const_data_ptr<uint8_t>();
  return {data, data + frames.numel()};
}

class VideoFrameSinkTest : public ::testing::Test {
 protected:
  VideoFrameSink::Options Options(VideoCodec codec = VideoCodec::kFfv1) {
    return {.folder = folder_.path(), .encoder = {.width = kWidth, .height = kHeight, .codec = codec}};
  }
  std::unique_ptr<VideoFrameSink> Create(VideoFrameSink::Options options) {
    auto sink = VideoFrameSink::Create(std::move(options));
    EXPECT_TRUE(sink.ok()) << sink.status();
    return sink.ok() ? *std::move(sink) : nullptr;
  }
  // Until the encoder thread has met its error: Accept() blocks or fails, so this ends.
  static absl::Status AcceptUntilError(VideoFrameSink& sink, int64_t index) {
    while (true) {
      const absl::Status status = sink.Accept(index, Frames(8, 1));
      if (!status.ok()) return status;
    }
  }

  ScratchFolder folder_;
};

TEST_F(VideoFrameSinkTest, EachVideoBecomesAFileOfItsFrames) {
  VideoFrameSink::Options options = Options();
  options.metadata = [](int64_t index) {
    return std::map<std::string, std::string>{{"WAN_SEED", std::to_string(40 + index)}};
  };
  const auto sink = Create(options);
  std::vector<at::Tensor> chunks;
  for (int64_t index = 0; index < 2; ++index) {
    for (const int64_t num_frames : {1, 4, 4}) {
      chunks.push_back(Frames(num_frames, index * 10 + num_frames));
      ASSERT_TRUE(sink->Accept(index, chunks.back()).ok());
    }
  }
  const auto videos = sink->Finish();
  ASSERT_TRUE(videos.ok()) << videos.status();
  ASSERT_EQ(videos->size(), 2u);
  for (int64_t index = 0; index < 2; ++index) {
    const EncodedVideo& video = (*videos)[index];
    EXPECT_EQ(video.index, index);
    EXPECT_EQ(video.path, folder_.File("video-" + std::to_string(index) + ".mkv"));
    EXPECT_EQ(video.num_frames, 9);
    EXPECT_EQ(video.size_bytes, static_cast<int64_t>(std::filesystem::file_size(video.path)));
    EXPECT_EQ(video.sha256, FileSha256(video.path).value());
    const auto decoded = ReadVideo(video.path);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    const at::Tensor expected = at::cat({chunks[index * 3], chunks[index * 3 + 1], chunks[index * 3 + 2]});
    EXPECT_EQ(decoded->frames, Bytes(expected));
    EXPECT_EQ(decoded->metadata.at("WAN_SEED"), std::to_string(40 + index));
  }
}

TEST_F(VideoFrameSinkTest, FilesOutliveTheSinkAfterFinish) {
  auto sink = Create(Options(VideoCodec::kH264));
  ASSERT_TRUE(sink->Accept(0, Frames(5, 1)).ok());
  ASSERT_TRUE(sink->Finish().ok());
  sink.reset();
  EXPECT_THAT(folder_.Names(), ElementsAre("video-0.mp4"));
}

TEST_F(VideoFrameSinkTest, WithoutFinishEveryFileIsRemoved) {
  absl::Notification second_began;
  VideoFrameSink::Options options = Options();
  options.on_encoded = [&second_began](int64_t index, int64_t) {
    if (index == 1) second_began.Notify();
  };
  auto sink = Create(options);
  ASSERT_TRUE(sink->Accept(0, Frames(5, 1)).ok());
  ASSERT_TRUE(sink->Accept(1, Frames(5, 2)).ok());
  second_began.WaitForNotification();
  EXPECT_THAT(folder_.Names(), ElementsAre("video-0.mkv", "video-1.mkv"));
  sink.reset();
  EXPECT_THAT(folder_.Names(), IsEmpty());
}

TEST_F(VideoFrameSinkTest, ReportsEncodedFramesAsTheyCome) {
  std::vector<std::pair<int64_t, int64_t>> reports;
  VideoFrameSink::Options options = Options();
  options.on_encoded = [&reports](int64_t index, int64_t num_frames) { reports.emplace_back(index, num_frames); };
  const auto sink = Create(options);
  ASSERT_TRUE(sink->Accept(0, Frames(1, 1)).ok());
  ASSERT_TRUE(sink->Accept(0, Frames(4, 2)).ok());
  ASSERT_TRUE(sink->Accept(1, Frames(1, 3)).ok());
  ASSERT_TRUE(sink->Finish().ok());
  EXPECT_THAT(reports, ElementsAre(Pair(0, 1), Pair(0, 5), Pair(1, 1)));
}

// A slow encoder must slow the decoder, or frames pile up in memory.
TEST_F(VideoFrameSinkTest, AtMostTwoChunksWaitWhileOneIsEncoded) {
  std::atomic<int64_t> num_encoded = 0;
  VideoFrameSink::Options options = Options();
  options.on_encoded = [&num_encoded](int64_t, int64_t) { ++num_encoded; };
  const auto sink = Create(options);
  const at::Tensor chunk = Frames(8, 1);
  for (int64_t num_accepted = 1; num_accepted <= 40; ++num_accepted) {
    ASSERT_TRUE(sink->Accept(0, chunk).ok());
    ASSERT_LE(num_accepted - num_encoded, 1 + 2);
  }
  const auto videos = sink->Finish();
  ASSERT_TRUE(videos.ok()) << videos.status();
  EXPECT_EQ((*videos)[0].num_frames, 320);
}

TEST_F(VideoFrameSinkTest, FramesOfAnotherShapeOrTypeAreRefused) {
  const auto sink = Create(Options());
  for (const at::Tensor& frames :
       {at::zeros({1, kWidth, kHeight, 3}, at::kByte), at::zeros({1, kHeight, kWidth, 3}, at::kFloat),
        at::zeros({kHeight, kWidth, 3}, at::kByte),
        Frames(2, 1).permute({0, 1, 3, 2}).contiguous().permute({0, 1, 3, 2})}) {
    EXPECT_TRUE(HasReason(sink->Accept(0, frames), kEncodeFailed)) << frames.sizes();
  }
}

TEST_F(VideoFrameSinkTest, UnusableFolderEndsTheJobBeforeItBegins) {
  VideoFrameSink::Options options = Options();
  options.folder = folder_.File("absent");
  EXPECT_TRUE(HasReason(VideoFrameSink::Create(options).status(), kStorage));
}

TEST_F(VideoFrameSinkTest, VideoOutOfOrderIsAnErrorThatStays) {
  const auto sink = Create(Options());
  ASSERT_TRUE(sink->Accept(0, Frames(1, 1)).ok());
  const absl::Status status = AcceptUntilError(*sink, 2);
  EXPECT_TRUE(HasReason(status, kEncodeFailed)) << status;
  EXPECT_EQ(sink->Accept(0, Frames(1, 1)), status);
  EXPECT_EQ(sink->Finish().status(), status);
}

TEST_F(VideoFrameSinkTest, JobWithoutFramesIsAnError) {
  const auto sink = Create(Options());
  EXPECT_TRUE(HasReason(sink->Finish().status(), kEncodeFailed));
}

TEST_F(VideoFrameSinkTest, FullDiskComesBackFromAcceptAndFinishAndLeavesNothing) {
  if (!folder_.LimitTo(64)) GTEST_SKIP() << "this process may not mount a small file system";
  auto sink = Create(Options());
  const absl::Status status = AcceptUntilError(*sink, 0);
  EXPECT_TRUE(HasReason(status, kStorage)) << status;
  EXPECT_EQ(sink->Accept(0, Frames(1, 1)), status);
  EXPECT_EQ(sink->Finish().status(), status);
  sink.reset();
  EXPECT_THAT(folder_.Names(), IsEmpty());
}

TEST_F(VideoFrameSinkTest, FolderThatVanishesBetweenVideosIsAStorageError) {
  absl::Notification first_encoded;
  VideoFrameSink::Options options = Options();
  options.on_encoded = [&first_encoded](int64_t, int64_t) { first_encoded.Notify(); };
  const auto sink = Create(options);
  ASSERT_TRUE(sink->Accept(0, Frames(1, 1)).ok());
  first_encoded.WaitForNotification();
  std::filesystem::remove_all(folder_.path());
  const absl::Status status = AcceptUntilError(*sink, 1);
  EXPECT_TRUE(HasReason(status, kStorage)) << status;
}

}  // namespace
}  // namespace wan

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "client/part_file.h"
#include "client/video_client.h"
#include "tests/client/fake_server.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const grpc::Status kBroken(grpc::StatusCode::UNAVAILABLE, "connection reset");

class DownloadTest : public testing::Test {
 protected:
  DownloadTest() : path_(folder_.File("clip.mp4")) {
    for (int i = 0; i < 3500; ++i) bytes_.push_back(static_cast<char>((i * 31 + i / 256) & 0xff));
    server_.videos().SetJob(MakeJob("job-1", v1::JOB_STATE_SUCCEEDED));
    server_.videos().SetVideo("job-1", 0, bytes_);
    const RetryPolicy policy = {.give_up_after = absl::Seconds(20),
                                .first_delay = absl::Milliseconds(1),
                                .longest_delay = absl::Milliseconds(20)};
    options_.call_retry = policy;
    options_.stream_retry = policy;
  }

  absl::StatusOr<v1::Video> Download() {
    VideoClient client(MakeChannel(server_.address()), options_, stop_.get_token());
    return client.Download("job-1", 0, path_, [this](int64_t done, int64_t) { done_.push_back(done); });
  }

  std::vector<int64_t> Offsets() const {
    std::vector<int64_t> offsets;
    for (const auto& request : server_.videos().downloads()) offsets.push_back(request.offset());
    return offsets;
  }

  // What an earlier process has left.
  void LeavePart(const std::string& identity, const std::string& bytes) {
    ASSERT_TRUE((*PartFile::Open(path_, identity))->Append(bytes).ok());
  }

  TemporaryFolder folder_;
  const std::string path_;
  std::string bytes_;
  mutable FakeServer server_;
  VideoClientOptions options_;
  std::stop_source stop_;
  std::vector<int64_t> done_;
};

TEST_F(DownloadTest, WritesTheServersBytes) {
  const auto video = Download();
  ASSERT_TRUE(video.ok()) << video.status();
  EXPECT_EQ(ReadFile(path_), bytes_);
  EXPECT_EQ(video->seed(), 7);
  EXPECT_THAT(done_, ElementsAre(1000, 2000, 3000, 3500));
  EXPECT_FALSE(FileExists(path_ + ".part"));
}

TEST_F(DownloadTest, ContinuesWhereABrokenStreamEnded) {
  server_.videos().AddDownload({.stops_after = 1500, .status = kBroken});
  server_.videos().AddDownload({.stops_after = 700, .status = grpc::Status::OK});
  server_.videos().AddDownload({.stops_after = 0, .status = kBroken});
  const auto video = Download();
  ASSERT_TRUE(video.ok()) << video.status();
  EXPECT_EQ(ReadFile(path_), bytes_);
  EXPECT_THAT(Offsets(), ElementsAre(0, 1500, 2200, 2200));
}

TEST_F(DownloadTest, AsksAgainForAChunkWithAFlippedBit) {
  server_.videos().AddDownload({.stops_after = 2000, .flips_a_bit = true});
  const auto video = Download();
  ASSERT_TRUE(video.ok()) << video.status();
  EXPECT_EQ(ReadFile(path_), bytes_);
  EXPECT_THAT(Offsets(), ElementsAre(0, 1000));
}

TEST_F(DownloadTest, GivesUpWhenEveryChunkIsWrong) {
  for (int i = 0; i < 10; ++i) server_.videos().AddDownload({.stops_after = 500, .flips_a_bit = true});
  const auto video = Download();
  EXPECT_EQ(video.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(video.status().message()), HasSubstr("500 bytes at byte 0 does not match its CRC-32C"));
  EXPECT_FALSE(FileExists(path_));
}

TEST_F(DownloadTest, ChunkAtTheWrongPlaceIsNotWritten) {
  server_.videos().AddDownload({.offset_error = 8});
  const auto video = Download();
  ASSERT_TRUE(video.ok()) << video.status();
  EXPECT_EQ(ReadFile(path_), bytes_);
  EXPECT_THAT(Offsets(), ElementsAre(0, 0));
}

TEST_F(DownloadTest, WrongHashOfTheFileLeavesNothing) {
  server_.videos().SetSha256("job-1", 0, std::string(64, '0'));
  const auto video = Download();
  EXPECT_EQ(video.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(video.status().message()), HasSubstr("SHA-256"));
  EXPECT_FALSE(FileExists(path_));
  EXPECT_FALSE(FileExists(path_ + ".part"));
}

TEST_F(DownloadTest, ContinuesThePartOfAnEarlierProcess) {
  LeavePart("job-1 0", bytes_.substr(0, 1200));
  ASSERT_TRUE(Download().ok());
  EXPECT_EQ(ReadFile(path_), bytes_);
  EXPECT_THAT(Offsets(), ElementsAre(1200));
}

TEST_F(DownloadTest, CompletePartNeedsNoByteMore) {
  LeavePart("job-1 0", bytes_);
  ASSERT_TRUE(Download().ok());
  EXPECT_EQ(ReadFile(path_), bytes_);
  EXPECT_TRUE(done_.empty());
}

TEST_F(DownloadTest, DoesNotTrustThePartOfAnotherJob) {
  LeavePart("job-2 0", std::string(1200, 'x'));
  ASSERT_TRUE(Download().ok());
  EXPECT_EQ(ReadFile(path_), bytes_);
  EXPECT_THAT(Offsets(), ElementsAre(0));
}

TEST_F(DownloadTest, DamagedPartIsBegunAnew) {
  LeavePart("job-1 0", std::string(1200, 'x'));
  ASSERT_TRUE(Download().ok());
  EXPECT_EQ(ReadFile(path_), bytes_);
  EXPECT_THAT(Offsets(), ElementsAre(1200, 0));
}

TEST_F(DownloadTest, PartLongerThanTheFileIsBegunAnew) {
  LeavePart("job-1 0", bytes_ + "more");
  ASSERT_TRUE(Download().ok());
  EXPECT_EQ(ReadFile(path_), bytes_);
  EXPECT_THAT(Offsets(), ElementsAre(3504, 0));
}

TEST_F(DownloadTest, StopKeepsWhatCameForTheNextTime) {
  server_.videos().AddDownload({.stops_after = 2000, .status = kBroken, .holds = true});
  std::jthread stopper([this] {
    server_.videos().AwaitHold();
    stop_.request_stop();
  });
  EXPECT_EQ(Download().status().code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(FileExists(path_));
  // The stop may overtake bytes that were still on their way.
  const std::string part = ReadFile(path_ + ".part");
  EXPECT_EQ(part, bytes_.substr(0, part.size()));
}

TEST_F(DownloadTest, UnknownVideoLeavesNoFiles) {
  VideoClient client(MakeChannel(server_.address()), options_, {});
  EXPECT_EQ(client.Download("job-1", 4, path_, nullptr).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(FileExists(path_ + ".part"));
}

TEST_F(DownloadTest, ExistingFileStaysUntilTheNewOneIsComplete) {
  WriteFile(path_, "old");
  server_.videos().SetSha256("job-1", 0, std::string(64, '0'));
  EXPECT_FALSE(Download().ok());
  EXPECT_EQ(ReadFile(path_), "old");
}

}  // namespace
}  // namespace wan

#include "server/api/download_video_reactor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/error.h"
#include "common/sha256.h"
#include "tests/testing/test_server.h"

namespace wan {
namespace {

std::string Bytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

class DownloadVideo : public testing::Test {
 protected:
  // A finished job whose video has these bytes.
  std::string Finished(const std::string& bytes) {
    ring_.Script({.videos = {bytes}});
    const auto job = server_.Submit(SmallSpec());
    EXPECT_EQ(server_.AwaitEnd(job->job_id())->state(), v1::JOB_STATE_SUCCEEDED);
    return job->job_id();
  }

  FakeRing ring_;
  TestServer server_{{ring_.address()}};
};

TEST_F(DownloadVideo, TheFirstChunkDescribesTheVideo) {
  const std::string bytes = Bytes((5 << 20) / 2);
  const std::string job_id = Finished(bytes);
  std::vector<v1::VideoChunk> chunks;
  ASSERT_EQ(server_.Download(job_id, 0, 0, &chunks).value_or("none"), bytes);
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].video().size_bytes(), static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(chunks[0].video().sha256(), Sha256Hex(bytes));
  EXPECT_EQ(chunks[0].video().container(), "mp4");
  EXPECT_FALSE(chunks[1].has_video());
}

TEST_F(DownloadVideo, ContinuesAtAnyOffset) {
  const std::string bytes = Bytes(2'000'000);
  const std::string job_id = Finished(bytes);
  for (const int64_t offset : {int64_t{1}, int64_t{1} << 20, int64_t{1'999'999}}) {
    EXPECT_EQ(server_.Download(job_id, 0, offset).value_or("none"), bytes.substr(offset)) << offset;
  }
}

TEST_F(DownloadVideo, TheVeryEndIsOneChunkWithoutBytes) {
  const std::string job_id = Finished(Bytes(10));
  std::vector<v1::VideoChunk> chunks;
  EXPECT_EQ(server_.Download(job_id, 0, 10, &chunks).value_or("none"), "");
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(chunks[0].video().size_bytes(), 10);
}

TEST_F(DownloadVideo, RefusesWhatIsNotThere) {
  const std::string job_id = Finished(Bytes(10));
  EXPECT_TRUE(absl::IsOutOfRange(server_.Download(job_id, 0, 11).status()));
  const absl::Status negative = server_.Download(job_id, 0, -1).status();
  EXPECT_TRUE(absl::IsInvalidArgument(negative));
  EXPECT_EQ(GetErrorDetails(negative).violations.at(0).field, "offset");
  for (const int index : {1, -1}) {
    const absl::Status status = server_.Download(job_id, index).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(GetErrorDetails(status).violations.at(0).field, "index");
  }
  EXPECT_TRUE(HasReason(server_.Download("01ARZ3NDEKTSV4RRFFQ69G5FAV").status(), kJobNotFound));
  EXPECT_TRUE(absl::IsInvalidArgument(server_.CallRaw("DownloadVideo", "\x0a\x01\xff")));
}

TEST_F(DownloadVideo, AJobWithoutVideosSaysItsState) {
  ring_.Script({.waits = true});
  const auto job = server_.Submit(SmallSpec());
  ASSERT_TRUE(ring_.AwaitWaiting(1));
  const absl::Status status = server_.Download(job->job_id()).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(HasReason(status, kResultNotReady));
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("RUNNING"));
}

TEST_F(DownloadVideo, AFileThatIsGoneIsDataLossAndTheServerLives) {
  const std::string job_id = Finished(Bytes(10));
  std::filesystem::remove_all(server_.config().results_path);
  const absl::Status status = server_.Download(job_id).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), testing::Not(testing::HasSubstr(server_.folder().path())));
  EXPECT_TRUE(server_.Get(job_id).ok());
}

}  // namespace
}  // namespace wan

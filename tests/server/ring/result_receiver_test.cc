#include "server/ring/result_receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/error.h"
#include "common/sha256.h"
#include "server/result/file_result_store.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

class ResultReceiverTest : public testing::Test {
 protected:
  ResultReceiverTest() : store_(*FileResultStore::Open(folder_.path())) {
    job_.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    job_.ring = "ring-0";
    job_.resolved.spec.num_videos = 2;
    job_.resolved.spec.seed = 40;
  }

  absl::Status Chunk(int video, int64_t offset, const std::string& data) {
    worker::v1::VideoChunk chunk;
    chunk.set_video_index(video);
    chunk.set_offset(offset);
    chunk.set_data(data);
    return receiver_.Accept(chunk);
  }

  static void Add(worker::v1::Completed& completed, int index, const std::string& bytes) {
    v1::Video& video = *completed.add_videos();
    video.set_index(index);
    video.set_seed(40 + index);
    video.set_codec("h264");
    video.set_size_bytes(static_cast<int64_t>(bytes.size()));
    video.set_sha256(Sha256Hex(bytes));
    video.set_num_frames(5);
  }

  int FilesLeft() const {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) count += entry.is_regular_file();
    return count;
  }

  const TemporaryFolder folder_;
  const std::unique_ptr<FileResultStore> store_;
  Job job_;
  ResultReceiver receiver_{job_, *store_};
};

TEST_F(ResultReceiverTest, StoresEveryVideoWithItsOwnSeed) {
  ASSERT_TRUE(Chunk(0, 0, "ab").ok());
  ASSERT_TRUE(Chunk(0, 2, "c").ok());
  ASSERT_TRUE(Chunk(1, 0, "xyz").ok());
  worker::v1::Completed completed;
  Add(completed, 0, "abc");
  Add(completed, 1, "xyz");
  const auto videos = receiver_.Commit(completed);
  ASSERT_TRUE(videos.ok()) << videos.status();
  ASSERT_EQ(videos->size(), 2u);
  EXPECT_EQ((*videos)[1].seed, 41);
  const auto reader = store_->Open({.job_id = job_.id, .index = 1, .extension = "mp4"});
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(*(*reader)->Read(0, 100), "xyz");
}

TEST_F(ResultReceiverTest, LeavesNothingWhenOneVideoIsNotWhatTheRingDescribes) {
  ASSERT_TRUE(Chunk(0, 0, "abc").ok());
  ASSERT_TRUE(Chunk(1, 0, "xyz").ok());
  worker::v1::Completed completed;
  Add(completed, 0, "abc");
  Add(completed, 1, "xyy");  // of the same size
  const auto videos = receiver_.Commit(completed);
  EXPECT_TRUE(HasReason(videos.status(), kStorage)) << videos.status();
  EXPECT_FALSE(store_->Open({.job_id = job_.id, .index = 0, .extension = "mp4"}).ok());
  EXPECT_FALSE(store_->Open({.job_id = job_.id, .index = 1, .extension = "mp4"}).ok());
}

TEST_F(ResultReceiverTest, RefusesAHoleInTheBytes) {
  ASSERT_TRUE(Chunk(0, 0, "abc").ok());
  const absl::Status status = Chunk(0, 4, "e");
  EXPECT_TRUE(HasReason(status, kStorage)) << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("byte 4 after byte 3"));
}

TEST_F(ResultReceiverTest, RefusesAVideoThatTheJobDoesNotHave) {
  EXPECT_TRUE(HasReason(Chunk(2, 0, "abc"), kStorage));
  EXPECT_TRUE(HasReason(Chunk(-1, 0, "abc"), kStorage));
}

TEST_F(ResultReceiverTest, RefusesAResultWithoutOneOfTheVideos) {
  ASSERT_TRUE(Chunk(0, 0, "abc").ok());
  worker::v1::Completed completed;
  Add(completed, 0, "abc");
  EXPECT_TRUE(HasReason(receiver_.Commit(completed).status(), kStorage));
}

TEST_F(ResultReceiverTest, RefusesAVideoOfAnotherSeed) {
  ASSERT_TRUE(Chunk(0, 0, "abc").ok());
  ASSERT_TRUE(Chunk(1, 0, "xyz").ok());
  worker::v1::Completed completed;
  Add(completed, 0, "abc");
  Add(completed, 1, "xyz");
  completed.mutable_videos(1)->set_seed(40);
  EXPECT_TRUE(HasReason(receiver_.Commit(completed).status(), kStorage));
}

TEST_F(ResultReceiverTest, LeavesNoPartialFileWhenItIsGivenUp) {
  {
    ResultReceiver receiver(job_, *store_);
    worker::v1::VideoChunk chunk;
    chunk.set_data("abc");
    ASSERT_TRUE(receiver.Accept(chunk).ok());
    EXPECT_EQ(FilesLeft(), 1);
  }
  EXPECT_EQ(FilesLeft(), 0);
}

}  // namespace
}  // namespace wan

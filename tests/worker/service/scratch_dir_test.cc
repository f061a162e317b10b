#include "worker/service/scratch_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "common/error.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(ScratchDir, JobFolderGoesWithAllThatItHolds) {
  const TemporaryFolder root;
  const auto scratch = ScratchDir::Open(root.path());
  ASSERT_TRUE(scratch.ok()) << scratch.status();
  std::string path;
  {
    const auto job = (*scratch)->NewJob();
    ASSERT_TRUE(job.ok()) << job.status();
    path = (*job)->path();
    WriteFile(path + "/video-0.mp4", "bytes");
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(ScratchDir, RemovesWhatADeadProcessLeftAndKeepsALivingOnes) {
  const TemporaryFolder root;
  fs::create_directories(root.File("ring-dead01/job-1"));
  WriteFile(root.File("ring-dead01/job-1/video-0.mp4"), "bytes");
  fs::create_directory(root.File("something-else"));
  const auto first = ScratchDir::Open(root.path());
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(fs::exists(root.File("ring-dead01")));
  const auto second = ScratchDir::Open(root.path());
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(fs::exists((*first)->path()));
  EXPECT_TRUE(fs::exists(root.File("something-else")));
}

TEST(ScratchDir, RemovesItsFolderAtTheEnd) {
  const TemporaryFolder root;
  std::string path;
  {
    const auto scratch = ScratchDir::Open(root.path() + "/made/on/demand");
    ASSERT_TRUE(scratch.ok());
    path = (*scratch)->path();
    EXPECT_TRUE(fs::exists(path));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(ScratchDir, UnusableRootIsNamed) {
  const TemporaryFolder root;
  WriteFile(root.File("file"), "");
  const absl::Status status = ScratchDir::Open(root.File("file")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(root.File("file")));
}

TEST(ScratchDir, JobFolderThatCannotBeMadeIsAStorageError) {
  const TemporaryFolder root;
  const auto scratch = ScratchDir::Open(root.path());
  ASSERT_TRUE(scratch.ok());
  fs::remove_all((*scratch)->path());
  EXPECT_TRUE(HasReason((*scratch)->NewJob().status(), kStorage));
}

}  // namespace
}  // namespace wan

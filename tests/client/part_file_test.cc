#include "client/part_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "common/sha256.h"
#include "tests/testing/files.h"

namespace wan {
namespace {

using testing::HasSubstr;

TEST(PartFile, NameAppearsOnlyWithCommit) {
  TemporaryFolder folder;
  const std::string path = folder.File("clip.mp4");
  auto file = PartFile::Open(path, "job-1 0");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Append("abc").ok());
  EXPECT_FALSE(FileExists(path));
  EXPECT_EQ(ReadFile(path + ".part"), "abc");
  ASSERT_TRUE((*file)->Commit().ok());
  EXPECT_EQ(ReadFile(path), "abc");
  EXPECT_FALSE(FileExists(path + ".part"));
  EXPECT_FALSE(FileExists(path + ".part.id"));
}

TEST(PartFile, ContinuesBytesOfTheSameIdentity) {
  TemporaryFolder folder;
  const std::string path = folder.File("clip.mp4");
  ASSERT_TRUE((*PartFile::Open(path, "job-1 0"))->Append("abc").ok());
  auto file = PartFile::Open(path, "job-1 0");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->size_bytes(), 3);
  ASSERT_TRUE((*file)->Append("def").ok());
  EXPECT_EQ(*(*file)->ReadSha256(), Sha256Hex("abcdef"));
}

TEST(PartFile, DropsBytesOfAnotherIdentityOrOfNone) {
  TemporaryFolder folder;
  const std::string path = folder.File("clip.mp4");
  ASSERT_TRUE((*PartFile::Open(path, "job-1 0"))->Append("abc").ok());
  EXPECT_EQ((*PartFile::Open(path, "job-1 1"))->size_bytes(), 0);
  WriteFile(path + ".part", "left by something else");
  EXPECT_EQ((*PartFile::Open(path, "job-1 1"))->size_bytes(), 0);
}

TEST(PartFile, LeavesNothingWhenNothingCame) {
  TemporaryFolder folder;
  const std::string path = folder.File("clip.mp4");
  ASSERT_TRUE(PartFile::Open(path, "job-1 0").ok());
  EXPECT_FALSE(FileExists(path + ".part"));
  EXPECT_FALSE(FileExists(path + ".part.id"));
}

TEST(PartFile, SecondWriterIsRefused) {
  TemporaryFolder folder;
  const std::string path = folder.File("clip.mp4");
  const auto first = PartFile::Open(path, "job-1 0");
  ASSERT_TRUE(first.ok());
  const auto second = PartFile::Open(path, "job-1 0");
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("clip.mp4.part is being written by another process"));
}

TEST(PartFile, FileTooLargeIsNamedAndKeepsWhatIsThere) {
  TemporaryFolder folder;
  const std::string path = folder.File("clip.mp4");
  auto file = PartFile::Open(path, "job-1 0");
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Append("abc").ok());
  // A limit of the process stands for the full disk: the write fails in the same place.
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small = {.rlim_cur = 3, .rlim_max = before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = (*file)->Append("d");
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("write " + path + ".part: File too large"));
  EXPECT_EQ((*file)->size_bytes(), 3);
}

TEST(CheckOutputPath, RefusesFoldersDevicesAndMissingFolders) {
  TemporaryFolder folder;
  EXPECT_TRUE(CheckOutputPath(folder.File("clip.mp4")).ok());
  EXPECT_TRUE(CheckOutputPath("clip.mp4").ok());
  EXPECT_FALSE(CheckOutputPath("").ok());
  EXPECT_FALSE(CheckOutputPath("/dev/null").ok());
  mkdir(folder.File("inner").c_str(), 0700);
  EXPECT_THAT(std::string(CheckOutputPath(folder.File("inner")).message()), HasSubstr("is a folder"));
  EXPECT_THAT(std::string(CheckOutputPath(folder.File("none/clip.mp4")).message()),
              HasSubstr("none: No such file or directory"));
}

}  // namespace
}  // namespace wan

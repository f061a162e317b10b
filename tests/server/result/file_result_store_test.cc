#include "server/result/file_result_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/sha256.h"
#include "tests/testing/files.h"
#include "tests/testing/small_disk.h"

namespace wan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ResultKey kKey = {.job_id = "01ARYZ6S41TSV4RRFFQ69G5FAV", .index = 1, .extension = "mp4"};
constexpr char kFileName[] = "01ARYZ6S41TSV4RRFFQ69G5FAV.1.mp4";

ResultDigest DigestOf(const std::string& bytes) {
  return {.size_bytes = static_cast<int64_t>(bytes.size()), .sha256 = Sha256Hex(bytes)};
}

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

absl::Status Store(ResultStore& store, const std::string& bytes) {
  auto writer = store.Create(kKey);
  if (!writer.ok()) return writer.status();
  if (const auto status = (*writer)->Append(bytes); !status.ok()) return status;
  return (*writer)->Commit(DigestOf(bytes));
}

void ExpectStorageError(const absl::Status& status, const std::string& path, const std::string& cause) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_TRUE(HasReason(status, kStorage)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  EXPECT_THAT(std::string(status.message()), HasSubstr(cause));
}

class FileResultStoreTest : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string results_ = folder_.File("deep/results");
  const std::unique_ptr<FileResultStore> store_ = FileResultStore::Open(results_).value();
};

TEST_F(FileResultStoreTest, CommittedVideoIsReadFromAnyOffset) {
  const std::string bytes = "0123456789";
  auto writer = *store_->Create(kKey);
  ASSERT_TRUE(writer->Append("0123").ok());
  ASSERT_TRUE(writer->Append("").ok());
  EXPECT_EQ(writer->size_bytes(), 4);
  ASSERT_TRUE(writer->Append("456789").ok());
  ASSERT_TRUE(writer->Commit(DigestOf(bytes)).ok());
  EXPECT_THAT(FilesIn(results_), ElementsAre(kFileName));

  const auto reader = store_->Open(kKey);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->size_bytes(), 10);
  EXPECT_EQ(*(*reader)->Read(0, 100), bytes);
  EXPECT_EQ(*(*reader)->Read(3, 4), "3456");
  EXPECT_EQ(*(*reader)->Read(9, 4), "9");
  EXPECT_EQ(*(*reader)->Read(10, 4), "");
  EXPECT_EQ(*(*reader)->Read(INT64_MAX, INT64_MAX), "");
  EXPECT_EQ((*reader)->Read(-1, 4).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(FileResultStoreTest, UncommittedVideoIsInvisibleAndLeavesNothing) {
  auto writer = *store_->Create(kKey);
  ASSERT_TRUE(writer->Append("half").ok());
  EXPECT_EQ(store_->Open(kKey).status().code(), absl::StatusCode::kNotFound);
  writer.reset();
  EXPECT_THAT(FilesIn(results_), IsEmpty());
}

TEST_F(FileResultStoreTest, WrongSizeOrHashIsNotStored) {
  for (const ResultDigest& expected : {ResultDigest{4, Sha256Hex("byte")}, ResultDigest{5, Sha256Hex("other")}}) {
    auto writer = *store_->Create(kKey);
    ASSERT_TRUE(writer->Append("bytes").ok());
    ExpectStorageError(writer->Commit(expected), kFileName, Sha256Hex("bytes"));
    writer.reset();
    EXPECT_THAT(FilesIn(results_), IsEmpty());
  }
}

TEST_F(FileResultStoreTest, LaterAttemptReplacesTheVideoWhileAReaderKeepsTheOldOne) {
  ASSERT_TRUE(Store(*store_, "first").ok());
  const auto reader = *store_->Open(kKey);
  ASSERT_TRUE(Store(*store_, "second attempt").ok());
  EXPECT_EQ(*reader->Read(0, 100), "first");
  EXPECT_EQ(*(*store_->Open(kKey))->Read(0, 100), "second attempt");
}

TEST_F(FileResultStoreTest, TwoWritersOfOneVideoDoNotMix) {
  auto first = *store_->Create(kKey);
  auto second = *store_->Create(kKey);
  ASSERT_TRUE(first->Append("aaaa").ok());
  ASSERT_TRUE(second->Append("bb").ok());
  ASSERT_TRUE(first->Commit(DigestOf("aaaa")).ok());
  second.reset();
  EXPECT_EQ(*(*store_->Open(kKey))->Read(0, 100), "aaaa");
}

TEST_F(FileResultStoreTest, StartRemovesPartialFilesOnly) {
  ASSERT_TRUE(Store(*store_, "kept").ok());
  std::ofstream(results_ + "/01ARYZ6S41TSV4RRFFQ69G5FAV.0.mp4.aB3xYz.partial") << "left by a killed server";
  ASSERT_TRUE(FileResultStore::Open(results_).ok());
  EXPECT_THAT(FilesIn(results_), ElementsAre(kFileName));
}

TEST_F(FileResultStoreTest, RemoveTwiceIsFine) {
  ASSERT_TRUE(Store(*store_, "x").ok());
  EXPECT_TRUE(store_->Remove(kKey).ok());
  EXPECT_TRUE(store_->Remove(kKey).ok());
  EXPECT_EQ(store_->Open(kKey).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FileResultStoreTest, KeysCannotLeaveTheFolder) {
  for (const ResultKey& key : {ResultKey{"../x", 0, "mp4"}, ResultKey{"", 0, "mp4"}, ResultKey{"x", -1, "mp4"},
                               ResultKey{"x", 0, "mp4/../../y"}, ResultKey{"x.y", 0, "mp4"}}) {
    EXPECT_EQ(store_->Create(key).status().code(), absl::StatusCode::kInvalidArgument) << key.job_id;
    EXPECT_EQ(store_->Open(key).status().code(), absl::StatusCode::kInvalidArgument) << key.job_id;
    EXPECT_EQ(store_->Remove(key).code(), absl::StatusCode::kInvalidArgument) << key.job_id;
  }
}

TEST_F(FileResultStoreTest, FileTruncatedUnderAReaderIsAnErrorNotAShortRead) {
  ASSERT_TRUE(Store(*store_, "0123456789").ok());
  const auto reader = *store_->Open(kKey);
  ASSERT_EQ(truncate((results_ + "/" + kFileName).c_str(), 4), 0);
  ExpectStorageError(reader->Read(2, 6).status(), kFileName, "ends at 4");
}

TEST_F(FileResultStoreTest, FolderThatVanishedFailsTheWriteAndNamesIt) {
  std::filesystem::remove_all(results_);
  ExpectStorageError(store_->Create(kKey).status(), results_, "No such file or directory");
}

TEST(FileResultStoreFault, FileInPlaceOfTheFolderIsRefused) {
  const TemporaryFolder folder;
  std::ofstream(folder.File("results")) << "x";
  ExpectStorageError(FileResultStore::Open(folder.File("results")).status(), folder.File("results"), "");
}

// Before the tests with a SmallDisk, after which no permission bits may count.
TEST(FileResultStoreFault, UnwritableFolderFailsTheCreate) {
  if (geteuid() == 0) GTEST_SKIP() << "root writes anywhere; the read-only file system stands for it";
  const TemporaryFolder folder;
  const auto store = *FileResultStore::Open(folder.File("results"));
  std::filesystem::permissions(folder.File("results"),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  ExpectStorageError(store->Create(kKey).status(), folder.File("results"), "Permission denied");
}

TEST(FileResultStoreFault, FullDiskFailsTheAppendAndFreesItsSpace) {
  const SmallDisk disk(512);
  if (!disk.is_mounted()) GTEST_SKIP() << "mounting is not allowed here";
  const auto store = *FileResultStore::Open(disk.File("results"));
  auto writer = *store->Create(kKey);
  const std::string chunk(64 * 1024, 'v');
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = writer->Append(chunk);
  ExpectStorageError(status, disk.File("results"), "No space left on device");
  writer.reset();
  EXPECT_THAT(FilesIn(disk.File("results")), IsEmpty());
  EXPECT_TRUE(Store(*store, chunk).ok());
}

TEST(FileResultStoreFault, ReadOnlyFolderFailsTheCreateButStillReads) {
  const SmallDisk disk(512);
  if (!disk.is_mounted()) GTEST_SKIP() << "mounting is not allowed here";
  const auto store = *FileResultStore::Open(disk.File("results"));
  ASSERT_TRUE(Store(*store, "before").ok());
  ASSERT_EQ(mount(nullptr, disk.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  ExpectStorageError(store->Create(kKey).status(), disk.File("results"), "Read-only file system");
  const auto reopened = FileResultStore::Open(disk.File("results"));
  ASSERT_TRUE(reopened.ok()) << reopened.status();
  EXPECT_EQ(*(*(*reopened)->Open(kKey))->Read(0, 100), "before");
}

}  // namespace
}  // namespace wan

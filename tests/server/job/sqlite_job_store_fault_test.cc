// Faults of the disk and of the file, caused for real.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/job/sqlite_database.h"
#include "server/job/sqlite_job_store.h"
#include "tests/server/job/test_jobs.h"
#include "tests/testing/files.h"
#include "tests/testing/small_disk.h"

namespace wan {
namespace {

using testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

void ExpectStorageError(const absl::Status& status, const std::string& path) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_TRUE(HasReason(status, kStorage)) << status;
  EXPECT_THAT(Message(status), HasSubstr(path));
}

TEST(SqliteJobStoreFault, FullDiskFailsTheCallAndKeepsWhatWasStored) {
  const SmallDisk disk(1024);
  if (!disk.is_mounted()) GTEST_SKIP() << "mounting is not allowed here";
  const std::string path = disk.File("jobs.db");
  auto store = *SqliteJobStore::Open({.path = path});
  const Job job = store->Insert(TestJob("first"), kNoLimit)->job;
  disk.Fill();
  absl::Status status;
  int stored = 1;
  // A commit may still fit into the last page of the log.
  for (int i = 0; i < 100 && status.ok(); ++i) {
    status = store->Insert(TestJob(std::string(2000, 'x')), kNoLimit).status();
    if (status.ok()) ++stored;
  }
  ExpectStorageError(status, path);
  EXPECT_THAT(Message(status), HasSubstr("full"));
  EXPECT_EQ(store->Get(job.id)->resolved.spec.prompt, "first");

  disk.Free();
  EXPECT_TRUE(store->Insert(TestJob("later"), kNoLimit).ok());
  store.reset();
  store = *SqliteJobStore::Open({.path = path});
  EXPECT_EQ(store->CountQueued()->at(0).count, stored + 1);
}

TEST(SqliteJobStoreFault, FileInPlaceOfTheFolderIsNamed) {
  const TemporaryFolder folder;
  std::ofstream(folder.File("file")) << "x";
  const auto store = SqliteJobStore::Open({.path = folder.File("file/jobs.db")});
  ExpectStorageError(store.status(), folder.File("file"));
}

TEST(SqliteJobStoreFault, FolderInPlaceOfTheFileIsNamed) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.File("jobs.db"));
  ExpectStorageError(SqliteJobStore::Open({.path = folder.File("jobs.db")}).status(), folder.File("jobs.db"));
}

TEST(SqliteJobStoreFault, FileThatIsNoDatabaseIsRefusedAndKept) {
  const TemporaryFolder folder;
  const std::string path = folder.File("jobs.db");
  std::ofstream(path) << std::string(5000, 'x');
  const auto store = SqliteJobStore::Open({.path = path});
  ExpectStorageError(store.status(), path);
  EXPECT_THAT(Message(store.status()), HasSubstr("not a database"));
  EXPECT_EQ(std::filesystem::file_size(path), 5000u);
}

TEST(SqliteJobStoreFault, DamagedPageIsFoundAtStart) {
  const TemporaryFolder folder;
  const std::string path = folder.File("jobs.db");
  {
    auto store = *SqliteJobStore::Open({.path = path});
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(store->Insert(TestJob(std::string(500, 'x')), kNoLimit).ok());
  }
  // One page of rows; header, schema and indices stay whole, so that only a look at all pages can find it.
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const size_t page = bytes.find(std::string(400, 'x')) / 4096 * 4096;
  ASSERT_GT(page, 0u);
  file.seekp(static_cast<std::streamoff>(page));
  file << std::string(4096, '\xa5');
  file.close();
  ExpectStorageError(SqliteJobStore::Open({.path = path}).status(), path);
}

TEST(SqliteJobStoreFault, NewerSchemaIsRefusedAndKept) {
  const TemporaryFolder folder;
  const std::string path = folder.File("jobs.db");
  SqliteJobStore::Open({.path = path}).value().reset();
  ASSERT_TRUE((*SqliteDatabase::Open(path, absl::Seconds(1)))->Script("PRAGMA user_version=99").ok());
  const auto store = SqliteJobStore::Open({.path = path});
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(store.status()), HasSubstr("schema version 99"));
  EXPECT_THAT(Message(store.status()), HasSubstr(path));
  const auto version = (*SqliteDatabase::Open(path, absl::Seconds(1)))->Query("PRAGMA user_version");
  EXPECT_EQ(std::get<int64_t>(version->at(0).at(0)), 99);
}

TEST(SqliteJobStoreFault, DatabaseOfSomethingElseIsRefused) {
  const TemporaryFolder folder;
  const std::string path = folder.File("jobs.db");
  ASSERT_TRUE((*SqliteDatabase::Open(path, absl::Seconds(1)))->Script("CREATE TABLE photos (x)").ok());
  const auto store = SqliteJobStore::Open({.path = path});
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(store.status()), HasSubstr("photos"));
}

TEST(SqliteJobStoreFault, SecondServerOnTheSameFileIsRefused) {
  const TemporaryFolder folder;
  const std::string path = folder.File("jobs.db");
  auto first = *SqliteJobStore::Open({.path = path});
  const auto second = SqliteJobStore::Open({.path = path});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(second.status()), HasSubstr(path));
  first.reset();
  EXPECT_TRUE(SqliteJobStore::Open({.path = path}).ok());
}

TEST(SqliteJobStoreFault, FileLockedByAnotherConnectionFailsAfterTheTimeout) {
  const TemporaryFolder folder;
  const std::string path = folder.File("jobs.db");
  auto store = *SqliteJobStore::Open({.path = path, .busy_timeout = absl::Milliseconds(1)});
  auto other = *SqliteDatabase::Open(path, absl::Seconds(1));
  {
    const auto writing = SqliteTransaction::Begin(*other);
    ASSERT_TRUE(writing.ok());
    const auto inserted = store->Insert(TestJob(), kNoLimit);
    ExpectStorageError(inserted.status(), path);
    EXPECT_THAT(Message(inserted.status()), HasSubstr("locked"));
  }
  EXPECT_TRUE(store->Insert(TestJob(), kNoLimit).ok());
}

}  // namespace
}  // namespace wan

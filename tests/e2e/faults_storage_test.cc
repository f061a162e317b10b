// Disks that really run full, and a results folder that is no folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "tests/e2e/fault_house.h"
#include "tests/testing/files.h"
#include "tests/testing/small_disk.h"

namespace wan {
namespace {

// Mounted before any test, since it may take a process of one thread.
class FaultsStorageTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { disk_ = std::make_unique<SmallDisk>(256); }
  static void TearDownTestSuite() { disk_ = nullptr; }

  // A job fails for lack of `storage`, nothing ends by it, and after `mend` the next job succeeds.
  static void ExpectOneJobFails(FaultHouse& house, const std::function<void()>& mend) {
    const pid_t rank = house.rank_pid();
    const v1::Job failed = house.AwaitEnd(house.Submit(FaultSpec(2)));
    EXPECT_EQ(failed.state(), v1::JOB_STATE_FAILED);
    EXPECT_EQ(ErrorOf(failed), "INTERNAL/STORAGE") << failed.ShortDebugString();
    EXPECT_TRUE(house.server().IsRunning());
    mend();
    const v1::Job next = house.AwaitEnd(house.Submit(FaultSpec(2)));
    EXPECT_EQ(next.state(), v1::JOB_STATE_SUCCEEDED) << next.ShortDebugString();
    EXPECT_NE(house.Frames(next.job_id()), "");
    EXPECT_EQ(house.rank_pid(), rank);
  }

  static std::unique_ptr<SmallDisk> disk_;
};

std::unique_ptr<SmallDisk> FaultsStorageTest::disk_;

TEST_F(FaultsStorageTest, FullDiskOfResultsFailsTheJobAndTheNextOneAfterMendingSucceeds) {
  if (!disk_->is_mounted()) GTEST_SKIP() << "no file system may be mounted here";
  FaultHouse house;
  house.options().results_folder = disk_->File("results");
  house.Start();
  disk_->Fill();
  ExpectOneJobFails(house, [] { disk_->Free(); });
  for (const auto& file : std::filesystem::directory_iterator(house.ResultsFolder())) {
    EXPECT_NE(file.path().extension(), ".partial") << file.path();
  }
}

TEST_F(FaultsStorageTest, FullScratchDiskFailsTheJobAndTheRingLives) {
  if (!disk_->is_mounted()) GTEST_SKIP() << "no file system may be mounted here";
  FaultHouse house;
  house.options().scratch_folder = disk_->File("scratch");
  house.Start();
  disk_->Fill();
  ExpectOneJobFails(house, [] { disk_->Free(); });
}

TEST_F(FaultsStorageTest, FileInPlaceOfTheResultsFolderFailsTheJobAndTheNextOneAfterMendingSucceeds) {
  FaultHouse house;
  house.Start();
  std::filesystem::remove(house.ResultsFolder());
  WriteFile(house.ResultsFolder(), "not a folder");
  ExpectOneJobFails(house, [&] {
    std::filesystem::remove(house.ResultsFolder());
    std::filesystem::create_directory(house.ResultsFolder());
  });
}

}  // namespace
}  // namespace wan

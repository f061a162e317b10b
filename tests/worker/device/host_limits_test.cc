#include "worker/device/host_limits.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>

#include <fstream>
#include <string>
#include <thread>

namespace wan {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMiB = 1 << 20;

// A folder that looks like the root of a machine with 8 GiB of memory, 6 GiB of them available.
class HostLimitsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (fs::temp_directory_path() / "wan_host_XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    root_ = folder;
    Write("proc/meminfo", "MemTotal:        8388608 kB\nMemFree:         1048576 kB\nMemAvailable:    6291456 kB\n");
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  void MountVersion1(const std::string& mount_root) {
    Write("proc/self/mountinfo",
          "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
          "31 23 0:28 " +
              mount_root +
              " /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
              "33 23 0:30 " +
              mount_root +
              " /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
              "35 23 0:32 " +
              mount_root + " /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  }
  void MountVersion2() {
    Write("proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
  }

  fs::path root_;
};

TEST_F(HostLimitsTest, WithoutControlGroupsTheHostIsTheLimit) {
  EXPECT_EQ(CgroupCpuQuota(root_), std::nullopt);
  const auto memory = HostMemory(root_);
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->total_bytes, 8192 * kMiB);
  EXPECT_EQ(memory->free_bytes, 6144 * kMiB);
}

TEST_F(HostLimitsTest, MissingMeminfoIsAnErrorThatNamesTheFile) {
  fs::remove(root_ / "proc/meminfo");
  const auto memory = HostMemory(root_);
  EXPECT_EQ(memory.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(memory.status().message().find("proc/meminfo"), std::string::npos) << memory.status();
}

TEST_F(HostLimitsTest, Version2QuotaOfAnOuterGroupCounts) {
  MountVersion2();
  Write("proc/self/cgroup", "0::/pod/container\n");
  Write("sys/fs/cgroup/pod/container/cpu.max", "max 100000\n");
  Write("sys/fs/cgroup/pod/cpu.max", "350000 100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 3.5);
  Write("sys/fs/cgroup/pod/container/cpu.max", "50000 100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 0.5);
}

TEST_F(HostLimitsTest, Version2MemoryIsTheSmallestWithDroppableCacheFree) {
  MountVersion2();
  Write("proc/self/cgroup", "0::/pod/container\n");
  Write("sys/fs/cgroup/pod/container/memory.max", "max\n");
  Write("sys/fs/cgroup/pod/container/memory.current", "5\n");
  Write("sys/fs/cgroup/pod/memory.max", std::to_string(1024 * kMiB) + "\n");
  Write("sys/fs/cgroup/pod/memory.current", std::to_string(700 * kMiB) + "\n");
  Write("sys/fs/cgroup/pod/memory.stat",
        "anon 5\nfile 300\nactive_file 100\ninactive_file " + std::to_string(200 * kMiB) + "\n");
  const auto memory = HostMemory(root_);
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->total_bytes, 1024 * kMiB);
  EXPECT_EQ(memory->free_bytes, 524 * kMiB);
}

TEST_F(HostLimitsTest, Version1QuotaAndMemoryAreRead) {
  MountVersion1("/");
  Write("proc/self/cgroup", "5:memory:/jobs/one\n4:cpu,cpuacct:/jobs\n3:cpuset:/\n0::/\n");
  Write("sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", "250000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us", "100000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  Write("sys/fs/cgroup/memory/jobs/one/memory.limit_in_bytes", std::to_string(512 * kMiB) + "\n");
  Write("sys/fs/cgroup/memory/jobs/one/memory.usage_in_bytes", std::to_string(600 * kMiB) + "\n");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");  // version 1's "no limit"
  Write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 2.5);
  const auto memory = HostMemory(root_);
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->total_bytes, 512 * kMiB);
  EXPECT_EQ(memory->free_bytes, 0);
}

TEST_F(HostLimitsTest, ContainerSeesItsOwnGroupAtTheMountPoint) {
  MountVersion1("/docker/abc");
  Write("sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_quota_us", "100000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_period_us", "100000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  Write("proc/self/cgroup", "4:cpu,cpuacct:/docker/abc\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 2.0);
  Write("proc/self/cgroup", "4:cpu,cpuacct:/docker/abc/inner\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 1.0);
  Write("proc/self/cgroup", "4:cpu,cpuacct:/docker/abcdef/inner\n");  // another group: only the mount point is ours
  EXPECT_EQ(CgroupCpuQuota(root_), 2.0);
}

TEST_F(HostLimitsTest, BrokenFilesCountAsNoLimit) {
  MountVersion2();
  Write("proc/self/cgroup", "nonsense\n0::/\n");
  Write("sys/fs/cgroup/cpu.max", "many\n");
  Write("sys/fs/cgroup/memory.max", "");
  EXPECT_EQ(CgroupCpuQuota(root_), std::nullopt);
  EXPECT_EQ(HostMemory(root_)->total_bytes, 8192 * kMiB);
}

TEST(ThreadShare, IsTheSmallerOfProcessorsAndQuotaDividedByRanks) {
  EXPECT_EQ(ThreadShare(8, std::nullopt, 1), 8);
  EXPECT_EQ(ThreadShare(8, std::nullopt, 3), 2);
  EXPECT_EQ(ThreadShare(8, 3.5, 1), 3);
  EXPECT_EQ(ThreadShare(2, 16.0, 1), 2);
  EXPECT_EQ(ThreadShare(2, 0.5, 1), 1);
  EXPECT_EQ(ThreadShare(2, std::nullopt, 4), 1);
}

TEST_F(HostLimitsTest, OperatorsWordOnThreadsWins) {
  MountVersion2();
  Write("proc/self/cgroup", "0::/\n");
  Write("sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(UsableThreads(1, 0, nullptr, root_), 1);
  EXPECT_EQ(UsableThreads(4, 0, "6", root_), 6);
  EXPECT_EQ(UsableThreads(4, 0, "5,2", root_), 5);
  EXPECT_EQ(UsableThreads(4, 3, "6", root_), 3);
  EXPECT_EQ(UsableThreads(1, 0, "all", root_), 1);
  EXPECT_EQ(UsableThreads(1, 0, "", root_), 1);
  EXPECT_EQ(UsableThreads(1, 0, "-2", root_), 1);
}

TEST(AffinityCpus, FollowsTheMaskOfTheThread) {
  int64_t narrowed = 0;
  std::thread([&narrowed] {
    cpu_set_t mask;
    ASSERT_EQ(sched_getaffinity(0, sizeof mask, &mask), 0);
    int first = 0;
    while (!CPU_ISSET(first, &mask)) ++first;
    CPU_ZERO(&mask);
    CPU_SET(first, &mask);
    ASSERT_EQ(sched_setaffinity(0, sizeof mask, &mask), 0);
    narrowed = AffinityCpus();
  }).join();
  EXPECT_EQ(narrowed, 1);
  EXPECT_GE(AffinityCpus(), 1);
}

TEST(HostMemory, ThisMachineHasFreeMemoryWithinItsTotal) {
  const auto memory = HostMemory();
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_GT(memory->free_bytes, 0);
  EXPECT_LE(memory->free_bytes, memory->total_bytes);
}

}  // namespace
}  // namespace wan

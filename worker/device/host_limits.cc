#include "worker/device/host_limits.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/log.h"

namespace wan {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> ReadText(const fs::path& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// `below` is absolute as the kernel names it; path's operator/ would let it replace `root`.
fs::path Under(const fs::path& root, absl::string_view below) {
  const absl::string_view relative = absl::StripPrefix(below, "/");
  return root / std::string(relative.data(), relative.size());
}

std::optional<int64_t> ReadNumber(const fs::path& path) {
  const std::optional<std::string> text = ReadText(path);
  int64_t value = 0;
  if (!text || !absl::SimpleAtoi(*text, &value)) return std::nullopt;  // "max" ends here
  return value;
}

// The value after `key` in lines of "key value [unit]".
std::optional<int64_t> ReadKeyedNumber(const fs::path& path, absl::string_view key) {
  const std::optional<std::string> text = ReadText(path);
  if (!text) return std::nullopt;
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    int64_t value = 0;
    if (words.size() >= 2 && words[0] == key && absl::SimpleAtoi(words[1], &value)) return value;
  }
  return std::nullopt;
}

// Where a hierarchy of control groups is mounted, and which of its groups is seen at the mount point.
struct CgroupMount {
  std::string root;   // path inside the hierarchy
  std::string point;  // path in the file system
};

// Of a line "31 23 0:28 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu" fields 4 and 5 count, and
// after " - " the file system type and the options, which name the controllers of version 1.
std::optional<CgroupMount> FindMount(const fs::path& root, absl::string_view controller) {
  const std::optional<std::string> text = ReadText(Under(root, "/proc/self/mountinfo"));
  if (!text) return std::nullopt;
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    const std::vector<absl::string_view> halves = absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    if (halves.size() != 2) continue;
    const std::vector<absl::string_view> mount = absl::StrSplit(halves[0], ' ');
    const std::vector<absl::string_view> type = absl::StrSplit(halves[1], ' ');
    if (mount.size() < 5 || type.size() < 3) continue;
    if (controller.empty() ? type[0] != "cgroup2" : type[0] != "cgroup") continue;
    const std::vector<absl::string_view> options = absl::StrSplit(type[2], ',');
    if (!controller.empty() && std::find(options.begin(), options.end(), controller) == options.end()) continue;
    return CgroupMount{.root = std::string(mount[3]), .point = std::string(mount[4])};
  }
  return std::nullopt;
}

// This process's group in the hierarchy of `controller` (empty: version 2), of lines "4:cpu,cpuacct:/some/group".
std::string GroupOf(const fs::path& root, absl::string_view controller) {
  const std::optional<std::string> text = ReadText(Under(root, "/proc/self/cgroup"));
  if (!text) return "/";
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    const std::vector<absl::string_view> controllers = absl::StrSplit(fields[1], ',');
    if (std::find(controllers.begin(), controllers.end(), controller) == controllers.end()) continue;
    return std::string(fields[2]);
  }
  return "/";
}

// Folders of this process's group and of all groups above it that can be seen, the innermost first. A group outside
// of what is mounted (a container with the host's /proc/self/cgroup) leaves the mount point, which is the container's.
std::vector<fs::path> GroupFolders(const fs::path& root, absl::string_view controller) {
  const std::optional<CgroupMount> mount = FindMount(root, controller);
  if (!mount) return {};
  const fs::path point = Under(root, mount->point);
  const fs::path below = fs::path(GroupOf(root, controller)).lexically_relative(mount->root);
  std::vector<fs::path> folders;
  if (!below.empty() && *below.begin() != "." && *below.begin() != "..") {
    for (fs::path inner = below; !inner.empty(); inner = inner.parent_path()) folders.push_back(point / inner);
  }
  folders.push_back(point);
  return folders;
}

// "200000 100000" or "max 100000".
std::optional<double> ReadCpuMax(const fs::path& path) {
  const std::optional<std::string> text = ReadText(path);
  if (!text) return std::nullopt;
  const std::vector<absl::string_view> words = absl::StrSplit(*text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  int64_t quota = 0;
  int64_t period = 0;
  if (words.size() < 2 || !absl::SimpleAtoi(words[0], &quota) || !absl::SimpleAtoi(words[1], &period)) return {};
  if (quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<double>(quota) / static_cast<double>(period);
}

std::optional<double> ReadCfsQuota(const fs::path& folder) {
  const std::optional<int64_t> quota = ReadNumber(folder / "cpu.cfs_quota_us");  // -1: no limit
  const std::optional<int64_t> period = ReadNumber(folder / "cpu.cfs_period_us");
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

struct MemoryFileNames {
  const char* controller;
  const char* limit;
  const char* usage;
  const char* inactive_file;  // key in memory.stat: cache that goes before anything is killed
};
constexpr MemoryFileNames kMemoryFiles[] = {
    {"memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"},
    {"", "memory.max", "memory.current", "inactive_file"},
};

}  // namespace

std::optional<double> CgroupCpuQuota(const fs::path& root) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const fs::path& folder : GroupFolders(root, "cpu")) {
    smallest = std::min(smallest, ReadCfsQuota(folder).value_or(smallest));
  }
  for (const fs::path& folder : GroupFolders(root, "")) {
    smallest = std::min(smallest, ReadCpuMax(folder / "cpu.max").value_or(smallest));
  }
  if (smallest == std::numeric_limits<double>::infinity()) return std::nullopt;
  return smallest;
}

absl::StatusOr<MemoryFigures> HostMemory(const fs::path& root) {
  const fs::path meminfo = Under(root, "/proc/meminfo");
  const std::optional<int64_t> total_kib = ReadKeyedNumber(meminfo, "MemTotal:");
  const std::optional<int64_t> available_kib = ReadKeyedNumber(meminfo, "MemAvailable:");
  if (!total_kib || !available_kib) {
    return absl::FailedPreconditionError(absl::StrCat("no MemTotal or MemAvailable in ", meminfo.string()));
  }
  MemoryFigures figures = {.free_bytes = *available_kib * 1024, .total_bytes = *total_kib * 1024};
  for (const MemoryFileNames& names : kMemoryFiles) {
    for (const fs::path& folder : GroupFolders(root, names.controller)) {
      const std::optional<int64_t> limit = ReadNumber(folder / names.limit);
      const std::optional<int64_t> usage = ReadNumber(folder / names.usage);
      if (!limit || !usage) continue;
      const int64_t cache = ReadKeyedNumber(folder / "memory.stat", names.inactive_file).value_or(0);
      const int64_t used = std::max<int64_t>(0, *usage - cache);
      figures.total_bytes = std::min(figures.total_bytes, *limit);
      figures.free_bytes = std::min(figures.free_bytes, std::max<int64_t>(0, *limit - used));
    }
  }
  return figures;
}

int64_t AffinityCpus() {
  // The mask must be at least as large as the kernel's, which is not told: grow until it fits.
  for (int size = 1024; size <= 1 << 20; size *= 2) {
    std::vector<cpu_set_t> mask(CPU_ALLOC_SIZE(size) / sizeof(cpu_set_t));
    const size_t bytes = mask.size() * sizeof(cpu_set_t);
    if (sched_getaffinity(0, bytes, mask.data()) == 0) return std::max(1, CPU_COUNT_S(bytes, mask.data()));
  }
  return std::max<int64_t>(1, std::thread::hardware_concurrency());
}

int64_t ThreadShare(int64_t affinity_cpus, std::optional<double> quota, int64_t local_ranks) {
  const double cpus = std::min(static_cast<double>(affinity_cpus), quota.value_or(static_cast<double>(affinity_cpus)));
  return std::max<int64_t>(1, static_cast<int64_t>(cpus / static_cast<double>(std::max<int64_t>(1, local_ranks))));
}

int64_t UsableThreads(int64_t local_ranks, int64_t setting, const char* omp_num_threads, const fs::path& root) {
  if (setting > 0) return setting;
  if (omp_num_threads != nullptr && *omp_num_threads != '\0') {
    const std::vector<absl::string_view> levels = absl::StrSplit(omp_num_threads, ',');
    int64_t threads = 0;
    if (absl::SimpleAtoi(levels[0], &threads) && threads > 0) return threads;
    WAN_LOG(WARNING) << "OMP_NUM_THREADS=" << omp_num_threads << " is no number of threads; ignored";
  }
  return ThreadShare(AffinityCpus(), CgroupCpuQuota(root), local_ranks);
}

int64_t UsableThreads(int64_t local_ranks, int64_t setting) {
  return UsableThreads(local_ranks, setting, std::getenv("OMP_NUM_THREADS"));
}

}  // namespace wan

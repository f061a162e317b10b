// What this process may use of the machine: the smallest of what the host has, what the scheduler's affinity mask
// allows, and what the control groups (version 1 and 2, this group and all above it) grant. In a container the first
// alone is far too much: threads would be throttled, and memory would end in a kill.
#ifndef WAN_WORKER_DEVICE_HOST_LIMITS_H_
#define WAN_WORKER_DEVICE_HOST_LIMITS_H_

#include <cstdint>
#include <filesystem>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

struct MemoryFigures {
  int64_t free_bytes = 0;
  int64_t total_bytes = 0;
};

// CPU seconds per second that the control groups grant; nullopt: no limit. Files are read below `root`, which is "/"
// but in tests. What cannot be read counts as no limit.
std::optional<double> CgroupCpuQuota(const std::filesystem::path& root = "/");

// Free and total memory, page cache that can be dropped counted as free. Error: FAILED_PRECONDITION with the file
// when /proc/meminfo does not say how much the host has.
absl::StatusOr<MemoryFigures> HostMemory(const std::filesystem::path& root = "/");

// Processors in this thread's affinity mask, at least 1.
int64_t AffinityCpus();

// Threads for one of `local_ranks` equal processes: the smaller of processors and quota, divided, rounded down, at
// least 1.
int64_t ThreadShare(int64_t affinity_cpus, std::optional<double> quota, int64_t local_ranks);

// Threads that a rank should compute with. What the operator says wins, unchecked: `setting` (0: not set), then the
// environment's OMP_NUM_THREADS, `omp_num_threads` (null: not set; "4,2" means 4; what is no count is ignored with a
// warning), then ThreadShare() of this machine.
int64_t UsableThreads(int64_t local_ranks, int64_t setting, const char* omp_num_threads,
                      const std::filesystem::path& root = "/");

// The same with this process's environment.
int64_t UsableThreads(int64_t local_ranks, int64_t setting = 0);

}  // namespace wan

#endif  // WAN_WORKER_DEVICE_HOST_LIMITS_H_

#include "server/store_monitor.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/status_macros.h"

namespace wan {

absl::Status ProbeWriting(const std::string& path) {
  constexpr std::array<char, 4096> kBytes = {};
  const auto failed = [&](const char* what) {
    return MakeError(absl::StatusCode::kInternal, kStorage, absl::StrCat(what, " ", path, ": ", std::strerror(errno)));
  };
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failed("create");
  absl::Status status;
  const ssize_t written = ::write(file, kBytes.data(), kBytes.size());
  if (written < 0) {
    status = failed("write");
  } else if (written < static_cast<ssize_t>(kBytes.size())) {
    errno = ENOSPC;
    status = failed("write");
  } else if (::fsync(file) != 0) {
    status = failed("fsync");
  }
  ::close(file);
  ::unlink(path.c_str());
  return status;
}

StoreMonitor::StoreMonitor(JobStore& store, ServerMetrics& metrics, std::string probe_path, absl::Duration interval,
                           std::function<void(bool)> on_check)
    : store_(store),
      metrics_(metrics),
      probe_path_(std::move(probe_path)),
      interval_(interval),
      on_check_(std::move(on_check)) {
  thread_ = std::thread([this] { Loop(); });
}

StoreMonitor::~StoreMonitor() {
  {
    absl::MutexLock lock(&mutex_);
    is_stopping_ = true;
  }
  thread_.join();
}

void StoreMonitor::CheckNow() {
  absl::MutexLock lock(&mutex_);
  is_due_ = true;
}

void StoreMonitor::Loop() {
  bool was_ok = true;
  while (true) {
    const absl::Status status = Check();
    if (!status.ok() && was_ok) {
      WAN_LOG(ERROR) << "jobs cannot be stored: " << status;
    } else if (status.ok() && !was_ok) {
      WAN_LOG(INFO) << "jobs can be stored again";
    }
    was_ok = status.ok();
    on_check_(was_ok);
    absl::MutexLock lock(&mutex_);
    const auto is_over = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return is_due_ || is_stopping_; };
    mutex_.AwaitWithTimeout(absl::Condition(&is_over), interval_);
    if (is_stopping_) return;
    is_due_ = false;
  }
}

absl::Status StoreMonitor::Check() {
  WAN_ASSIGN_OR_RETURN(const std::vector<QueuedJobs> queued, store_.CountQueued());
  metrics_.SetQueued(queued, absl::Now());
  return ProbeWriting(probe_path_);
}

}  // namespace wan

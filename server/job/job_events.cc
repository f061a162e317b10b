#include "server/job/job_events.h"

#include <utility>
#include <vector>

#include "common/log.h"

namespace wan {
namespace {

constexpr int kProgressBits = 20;  // a million progress events between two stored changes; then they share a number
constexpr int64_t kMaxProgressCount = (int64_t{1} << kProgressBits) - 1;

}  // namespace

struct JobEvents::Subscription::State {
  explicit State(std::string id) : job_id(std::move(id)) {}

  void Wake() {
    absl::MutexLock lock(&wake_mutex);
    if (wake) wake();
  }

  const std::string job_id;
  int64_t taken_sequence = -1;  // guarded by JobEvents::mutex_

  absl::Mutex wake_mutex;  // taken before JobEvents::mutex_, never after it
  std::function<void()> wake ABSL_GUARDED_BY(wake_mutex);
};

struct JobEvents::Entry {
  using Watchers = std::set<std::shared_ptr<Subscription::State>>;

  // Counts an event that no row change stands for.
  void CountUp() {
    if ((snapshot->sequence & kMaxProgressCount) != kMaxProgressCount) ++snapshot->sequence;
  }

  std::optional<JobSnapshot> snapshot;  // absent while only watchers are there
  Watchers watchers;
};

JobEvents::JobEvents() = default;

JobEvents::~JobEvents() {
  absl::MutexLock lock(&mutex_);
  for (const auto& [id, entry] : entries_) WAN_CHECK(entry.watchers.empty());
}

std::unique_ptr<JobEvents::Subscription> JobEvents::Subscribe(const std::string& job_id, std::function<void()> wake) {
  auto state = std::make_shared<Subscription::State>(job_id);
  {
    absl::MutexLock lock(&state->wake_mutex);
    state->wake = std::move(wake);
  }
  {
    absl::MutexLock lock(&mutex_);
    entries_[job_id].watchers.insert(state);
  }
  return std::unique_ptr<Subscription>(new Subscription(*this, std::move(state)));
}

void JobEvents::Publish(const Job& job) {
  Entry::Watchers watchers;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(job.id);
    if (found == entries_.end() && IsFinal(job.state)) return;
    Entry& entry = found != entries_.end() ? found->second : entries_[job.id];
    std::optional<wan::v1::Progress> progress;
    if (entry.snapshot.has_value()) {
      const Job& known = entry.snapshot->job;
      if (job.sequence <= known.sequence) return;
      if (job.state == JobState::kRunning && known.attempt == job.attempt) progress = entry.snapshot->progress;
    }
    entry.snapshot = JobSnapshot{job.sequence << kProgressBits, job, std::move(progress)};
    watchers = entry.watchers;
    if (watchers.empty() && IsFinal(job.state)) entries_.erase(job.id);
  }
  for (const auto& watcher : watchers) watcher->Wake();
}

void JobEvents::PublishProgress(const std::string& job_id, int attempt, const wan::v1::Progress& progress) {
  Entry::Watchers watchers;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(job_id);
    if (found == entries_.end() || !found->second.snapshot.has_value()) return;
    Entry& entry = found->second;
    if (entry.snapshot->job.state != JobState::kRunning || entry.snapshot->job.attempt != attempt) return;
    entry.snapshot->progress = progress;
    entry.CountUp();
    watchers = entry.watchers;
  }
  for (const auto& watcher : watchers) watcher->Wake();
}

void JobEvents::QueueMoved() {
  std::vector<std::shared_ptr<Subscription::State>> watchers;
  {
    absl::MutexLock lock(&mutex_);
    for (auto& [id, entry] : entries_) {
      if (entry.watchers.empty() || !entry.snapshot.has_value()) continue;
      if (entry.snapshot->job.state != JobState::kQueued) continue;
      entry.CountUp();
      watchers.insert(watchers.end(), entry.watchers.begin(), entry.watchers.end());
    }
  }
  for (const auto& watcher : watchers) watcher->Wake();
}

std::optional<wan::v1::Progress> JobEvents::ProgressOf(const Job& job) const {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(job.id);
  if (found == entries_.end() || !found->second.snapshot.has_value()) return std::nullopt;
  const JobSnapshot& snapshot = *found->second.snapshot;
  if (job.state != JobState::kRunning || snapshot.job.attempt != job.attempt) return std::nullopt;
  return snapshot.progress;
}

size_t JobEvents::size() const {
  absl::MutexLock lock(&mutex_);
  return entries_.size();
}

void JobEvents::Unsubscribe(const std::shared_ptr<Subscription::State>& state) {
  {
    absl::MutexLock lock(&state->wake_mutex);
    state->wake = nullptr;
  }
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(state->job_id);
  Entry& entry = found->second;  // there as long as it has a watcher
  entry.watchers.erase(state);
  const bool is_live = entry.snapshot.has_value() && !IsFinal(entry.snapshot->job.state);
  if (entry.watchers.empty() && !is_live) entries_.erase(found);
}

JobEvents::Subscription::Subscription(JobEvents& events, std::shared_ptr<State> state)
    : events_(events), state_(std::move(state)) {}

JobEvents::Subscription::~Subscription() { events_.Unsubscribe(state_); }

std::optional<JobSnapshot> JobEvents::Subscription::Take() {
  absl::MutexLock lock(&events_.mutex_);
  const auto found = events_.entries_.find(state_->job_id);
  const std::optional<JobSnapshot>& snapshot = found->second.snapshot;
  if (!snapshot.has_value() || snapshot->sequence <= state_->taken_sequence) return std::nullopt;
  state_->taken_sequence = snapshot->sequence;
  return snapshot;
}

}  // namespace wan

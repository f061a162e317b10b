#include "server/ring/dispatcher.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/log.h"

namespace wan {
namespace {

// For a run that is cancelled at the end of a drain: its call ends on our side, nobody is waited for.
constexpr absl::Duration kRequeueTimeout = absl::Seconds(10);

}  // namespace

Dispatcher::Dispatcher(const std::vector<RingConfig>& rings, RunContext context, RingRunner::Options options,
                       std::function<void(bool)> on_ready_change)
    : metrics_(context.metrics), on_ready_change_(std::move(on_ready_change)) {
  for (const RingConfig& ring : rings) {
    runners_.push_back(
        std::make_unique<RingRunner>(ring, context, options, [this](const RingRunner& changed) { OnChange(changed); }));
  }
}

void Dispatcher::OnChange(const RingRunner& ring) {
  absl::MutexLock lock(&mutex_);
  const bool is_ready = ring.IsReady();  // under the lock: of two calls the later one sees the newer state
  ready_[ring.name()] = is_ready;
  metrics_.SetRingReady(ring.name(), is_ready);
  on_ready_change_(std::any_of(ready_.begin(), ready_.end(), [](const auto& entry) { return entry.second; }));
}

void Dispatcher::Cancel(const std::string& job_id) {
  for (const auto& runner : runners_) runner->Cancel(job_id);
}

std::vector<v1::Ring> Dispatcher::ListRings() const {
  std::vector<v1::Ring> rings;
  for (const auto& runner : runners_) rings.push_back(runner->View());
  return rings;
}

Dispatcher::ModelRings Dispatcher::RingsOf(const std::string& model) const {
  ModelRings rings;
  for (const auto& runner : runners_) {
    if (!runner->Serves(model)) continue;
    const v1::Ring ring = runner->View();
    if (runner->IsReady()) ++rings.ready;
    if (ring.codecs().empty()) continue;
    rings.any_up = true;
    rings.codecs.insert(ring.codecs().begin(), ring.codecs().end());
  }
  return rings;
}

void Dispatcher::StartClaiming() {
  for (const auto& runner : runners_) runner->StartClaiming();
}

void Dispatcher::StopClaiming() {
  for (const auto& runner : runners_) runner->StopClaiming();
}

void Dispatcher::Drain(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  for (const auto& runner : runners_) {
    if (!runner->WaitIdle(deadline)) runner->RequeueRunning();
  }
  const absl::Time end = absl::Now() + kRequeueTimeout;
  for (const auto& runner : runners_) {
    if (runner->WaitIdle(end)) continue;
    WAN_LOG(ERROR) << "ring " << runner->name() << ": its job is left to the next start";
  }
}

}  // namespace wan

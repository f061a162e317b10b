#include "worker/ring/rank_loop.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <new>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "worker/ring/ring_gate.h"

namespace wan {
namespace {

// An answer to a caller is one line; the log has it all.
constexpr size_t kMaxThrownBytes = 400;

std::string FirstLine(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (line.size() > kMaxThrownBytes) line.replace(kMaxThrownBytes, std::string::npos, "…");
  return line;
}

absl::Status OutOfMemory(const std::string& what) {
  return MakeError(absl::StatusCode::kResourceExhausted, kDeviceOutOfMemory, FirstLine(what));
}

absl::Status Thrown(const std::string& what) {
  return MakeError(absl::StatusCode::kUnavailable, kRingLost, absl::StrCat("the rank failed: ", FirstLine(what)));
}

// Turns what `function` throws into a Status. `is_thrown` tells an error that the process must not survive from one
// that was reported.
template <typename Function>
absl::Status Guard(Function function, bool* is_thrown) {
  *is_thrown = false;
  try {
    return function();
  } catch (const c10::OutOfMemoryError& error) {
    WAN_LOG(ERROR) << "out of memory: " << error.what();
    return OutOfMemory(error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return OutOfMemory("the host's memory is exhausted");
  } catch (const c10::Error& error) {
    WAN_LOG(ERROR) << "thrown: " << error.what();
    // The host's allocator has no type of its own for it.
    if (absl::StrContains(error.what_without_backtrace(), "DefaultCPUAllocator")) {
      return OutOfMemory(error.what_without_backtrace());
    }
    *is_thrown = true;
    return Thrown(error.what_without_backtrace());
  } catch (const std::exception& error) {
    WAN_LOG(ERROR) << "thrown: " << error.what();
    *is_thrown = true;
    return Thrown(error.what());
  }
}

}  // namespace

RankLoop::RankLoop(Options options, RingStatus& status, JobMailbox& mailbox, RingMetrics& metrics, Clock& clock)
    : options_(std::move(options)), status_(status), mailbox_(mailbox), metrics_(metrics), clock_(clock) {
  thread_ = std::thread([this] { Run(); });
}

RankLoop::~RankLoop() {
  mailbox_.Close();
  thread_.join();
}

absl::Status RankLoop::failure() const {
  const absl::MutexLock lock(&mutex_);
  return failure_;
}

void RankLoop::Fail(const absl::Status& error) {
  metrics_.SetRankUp(false);
  {
    const absl::MutexLock lock(&mutex_);
    failure_ = error;
  }
  status_.Fail();
}

std::unique_ptr<GenerationPipeline> RankLoop::Load() {
  status_.SetLoading();
  const absl::Time start = clock_.Now();
  std::unique_ptr<GenerationPipeline> pipeline;
  bool is_thrown = false;
  const absl::Status loaded = Guard(
      [&]() -> absl::Status {
        WAN_ASSIGN_OR_RETURN(pipeline, options_.load());
        return absl::OkStatus();
      },
      &is_thrown);
  if (!loaded.ok()) {
    Fail(loaded);
    return nullptr;
  }
  const absl::Duration duration = clock_.Now() - start;
  metrics_.SetLoaded(pipeline->dtype(), duration, pipeline->weights_bytes());
  metrics_.SetRankUp(true);
  ReportMemory();
  status_.SetReady(pipeline->dtype());
  WAN_LOG(INFO) << "ring ready: " << status_.info().model << ", " << pipeline->dtype() << ", "
                << pipeline->weights_bytes() << " bytes of weights, loaded in " << absl::FormatDuration(duration);
  return pipeline;
}

void RankLoop::Run() {
  const c10::InferenceMode inference_mode;
  const std::unique_ptr<GenerationPipeline> pipeline = Load();
  if (pipeline == nullptr) return;
  while (const std::optional<std::shared_ptr<JobRun>> next = mailbox_.Pop()) {
    JobRun& job = **next;
    bool is_thrown = false;
    JobResult result;
    const absl::Status status = Guard(
        [&]() -> absl::Status {
          WAN_ASSIGN_OR_RETURN(result, RunJob(*pipeline, job));
          return absl::OkStatus();
        },
        &is_thrown);
    ReportMemory();
    if (is_thrown) Fail(status);  // before the caller knows: no job may follow
    job.Finish(status.ok() ? absl::StatusOr<JobResult>(std::move(result)) : status);
    if (is_thrown) return;
  }
}

absl::StatusOr<JobResult> RankLoop::RunJob(GenerationPipeline& pipeline, JobRun& job) {
  RingGate gate(
      {.job = job, .rates = rates_, .metrics = metrics_, .clock = clock_, .step_passed = options_.step_passed});
  WAN_RETURN_IF_ERROR(gate.Verdict());
  WAN_ASSIGN_OR_RETURN(const std::unique_ptr<VideoOutput> output, options_.open_output(job));
  WAN_RETURN_IF_ERROR(pipeline.Run(job.spec(), gate, &output->sink()));
  gate.Enter(Phase::kMuxing);
  JobResult result;
  WAN_ASSIGN_OR_RETURN(result.videos, output->Finish());
  gate.End();
  result.phases = gate.phases();
  result.transformer_forwards = gate.transformer_forwards();
  for (const RenderedVideo& video : result.videos) {
    metrics_.AddVideo(job.spec().codec, video.num_frames, video.size_bytes, video.encode_time);
  }
  // Nobody waits for it any more: say so instead of sending it.
  WAN_RETURN_IF_ERROR(gate.Verdict());
  return result;
}

void RankLoop::ReportMemory() {
  if (!options_.free_memory) return;
  if (const std::optional<int64_t> bytes = options_.free_memory()) metrics_.SetFreeMemory(*bytes);
}

}  // namespace wan

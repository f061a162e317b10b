// wan_rank: one rank of a ring; as its leader it serves RingWorker.
#include <prometheus/registry.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/metrics/exposer.h"
#include "common/port_file.h"
#include "common/shutdown.h"
#include "common/status_macros.h"
#include "worker/config/command_line.h"
#include "worker/launch/supervisor_link.h"
#include "worker/media/codecs.h"
#include "worker/rank_compute.h"
#include "worker/ring/rank_loop.h"
#include "worker/service/ring_server.h"
#include "worker/service/scratch_dir.h"

namespace wan {
namespace {

constexpr absl::Duration kFlushTime = absl::Seconds(5);  // for the last answers to reach their callers

// 78 where a restart would meet the same error again.
int ExitCode(const absl::Status& error) {
  switch (error.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kUnavailable:        // a port that is taken, a full disk, whatever was thrown
    case absl::StatusCode::kResourceExhausted:  // memory
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
      return 1;
    default:
      return kExitBadConfiguration;
  }
}

// The whole error, then one line of it as the last one.
void ReportExit(const absl::Status& error, SupervisorLink& link) {
  const std::string message(error.message());
  const std::string line = CutToLine(message);
  if (line != message) {
    WAN_LOG(ERROR) << message;
  }
  WAN_LOG(ERROR) << line;
  link.ReportError(line);
}

absl::Status CheckWorld() {
  const char* world_size = std::getenv("WORLD_SIZE");
  if (world_size == nullptr || std::string(world_size) == "1") return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("WORLD_SIZE is ", world_size, ": a ring has one rank"));
}

RingInfo MakeRingInfo(const WorkerConfig& config) {
  RingInfo info = {.model = config.model.name,
                   .device = config.device,
                   .layout = "1",
                   .world_size = 1,
                   .generation = absl::ToUnixMillis(absl::Now()),
                   .codecs = {}};
  for (const VideoCodec codec : UsableVideoCodecs()) info.codecs.emplace_back(VideoCodecName(codec));
  return info;
}

absl::StatusOr<std::unique_ptr<MetricsExposer>> ExposeMetrics(const WorkerConfig& config, const RingStatus& status) {
  if (config.metrics.address.empty()) return nullptr;
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<MetricsExposer> exposer,
                       MetricsExposer::Start(config.metrics.address, [&status] {
                         const RingState state = status.Get().state;
                         return state == RingState::kReady || state == RingState::kBusy;
                       }));
  WAN_LOG(INFO) << "metrics at port " << exposer->port();
  WAN_RETURN_IF_ERROR(WritePortFile(config.metrics.port_file, exposer->port()));
  return exposer;
}

// Serves until the ring is over. The error that ends the rank, OK when it has drained.
absl::Status Serve(const WorkerConfig& config, ShutdownSignal& shutdown, SupervisorLink& link) {
  WAN_RETURN_IF_ERROR(CheckWorld());
  WAN_ASSIGN_OR_RETURN(const ModelCatalog catalog, ModelCatalog::Load(config.model.catalog));
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<ScratchDir> scratch, ScratchDir::Open(config.video.scratch_dir));
  RingStatus status(MakeRingInfo(config));
  JobMailbox mailbox(1);
  RealClock clock;
  WAN_ASSIGN_OR_RETURN(const std::unique_ptr<MetricsExposer> exposer, ExposeMetrics(config, status));
  prometheus::Registry unexposed;
  RingMetrics metrics(exposer == nullptr ? unexposed : exposer->registry(), config.model.name);

  WAN_ASSIGN_OR_RETURN(const std::unique_ptr<RingServer> server,
                       RingServer::Start(config.listen.address, catalog, *scratch, status, mailbox));
  WAN_LOG(INFO) << "listening at port " << server->port() << " of " << config.listen.address;
  WAN_RETURN_IF_ERROR(WritePortFile(config.listen.port_file, server->port()));

  RankLoop::Options compute = MakeRankCompute(config);
  compute.step_passed = [&link] { link.ReportStep(); };
  RankLoop loop(std::move(compute), status, mailbox, metrics, clock);
  const std::stop_callback drain(shutdown.token(), [&status] { status.Drain(); });
  status.WaitUntilOver();
  server->Shutdown(kFlushTime);

  const absl::Status failure = loop.failure();
  const bool was_loading = failure.ok() && status.Get().dtype.empty();
  if (failure.ok() && !was_loading) {
    WAN_LOG(INFO) << "drained";
    return absl::OkStatus();
  }
  // What threw may have left a device on which destructors hang, and loading cannot be interrupted.
  if (was_loading) {
    WAN_LOG(INFO) << "stopped while loading";
  } else {
    ReportExit(failure, link);
  }
  scratch.reset();
  ::_exit(ExitCode(failure));
}

}  // namespace
}  // namespace wan

int main(int argc, char** argv) {
  wan::CommandEnd end;
  const std::optional<wan::WorkerCommand> command = wan::ParseWorkerCommand("wan_rank", argc, argv, &end);
  if (!command.has_value()) return end.exit_code;
  wan::InitLog({.minimum = command->config.log.level, .format = command->config.log.format, .process = "rank 0"});
  wan::ShutdownSignal shutdown;
  const std::unique_ptr<wan::SupervisorLink> link = wan::SupervisorLink::FromEnvironment();
  const absl::Status status = wan::Serve(command->config, shutdown, *link);
  if (!status.ok()) wan::ReportExit(status, *link);
  return wan::ExitCode(status);
}

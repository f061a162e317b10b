#include "server/server_app.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/metrics/exposer.h"
#include "common/port_file.h"
#include "common/rpc/listen_address.h"
#include "common/status_macros.h"
#include "server/api/admin_service.h"
#include "server/api/serving_state.h"
#include "server/api/video_generation_service.h"
#include "server/job/sqlite_job_store.h"
#include "server/result/file_result_store.h"
#include "server/store_monitor.h"

namespace wan {
namespace {

// In leases. One server has the table to itself (its file is locked), so its rows are ours whatever host wrote them.
constexpr char kOwner[] = "wan_server";

constexpr int kKeepaliveMilliseconds = 60'000;
constexpr int kKeepaliveTimeoutMilliseconds = 20'000;
constexpr int kMinPingIntervalMilliseconds = 5'000;  // of clients
constexpr absl::Duration kStreamEndTimeout = absl::Seconds(5);

absl::Status ServerStops() {
  return MakeError(absl::StatusCode::kUnavailable, kServerDraining, "the server stops; try again later");
}

std::vector<std::string> RingNames(const ServerConfig& config) {
  std::vector<std::string> names;
  for (const RingConfig& ring : config.rings) names.push_back(ring.name);
  return names;
}

}  // namespace

class ServerApp::Impl {
 public:
  // The parts that can fail to be made.
  struct Parts {
    ModelCatalog catalog;
    std::unique_ptr<JobStore> store;
    std::unique_ptr<ResultStore> results;
  };

  Impl(ServerConfig config, Options options, Parts parts)
      : config_(std::move(config)), options_(options), parts_(std::move(parts)) {}
  ~Impl();

  absl::Status Start();
  void Drain();
  std::string address() const { return address_; }
  int port() const { return port_; }
  int metrics_port() const { return exposer_ != nullptr ? exposer_->port() : 0; }

 private:
  absl::Status StartMetrics();
  absl::Status Recover();
  void StartRings();
  absl::Status Listen();
  void EndStreams(absl::Time download_deadline);

  const ServerConfig config_;
  const Options options_;
  const Parts parts_;
  ServingState serving_;
  prometheus::Registry own_registry_;  // without an endpoint
  std::unique_ptr<MetricsExposer> exposer_;
  std::unique_ptr<ServerMetrics> metrics_;
  JobEvents events_;
  std::optional<JobQueue> queue_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<JobSubmission> submission_;
  LiveStreams watches_;
  LiveStreams downloads_;
  std::unique_ptr<VideoGenerationService> videos_;
  std::unique_ptr<AdminService> admin_;
  std::unique_ptr<StoreMonitor> monitor_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  int port_ = 0;
};

absl::Status ServerApp::Impl::Start() {
  WAN_RETURN_IF_ERROR(StartMetrics());
  queue_.emplace(*parts_.store, JobQueue::Limits{.max_queued_jobs = config_.limits.max_queued_jobs,
                                                 .max_attempts = config_.limits.max_attempts});
  WAN_RETURN_IF_ERROR(Recover());
  StartRings();
  monitor_ =
      std::make_unique<StoreMonitor>(*parts_.store, *metrics_, config_.store_path + ".probe", options_.monitor_interval,
                                     [this](bool can_store) { serving_.SetCanStore(can_store); });
  submission_ = std::make_unique<JobSubmission>(parts_.catalog, *dispatcher_, *queue_, *metrics_, [this] {
    serving_.SetCanStore(false);
    monitor_->CheckNow();
  });
  videos_ = std::make_unique<VideoGenerationService>(
      VideoGenerationService::Context{.catalog = parts_.catalog,
                                      .submission = *submission_,
                                      .store = *parts_.store,
                                      .events = events_,
                                      .results = *parts_.results,
                                      .dispatcher = *dispatcher_,
                                      .metrics = *metrics_,
                                      .watches = watches_,
                                      .downloads = downloads_},
      WatchOptions{.heartbeat = config_.watch_heartbeat, .step_interval = options_.watch_step_interval});
  admin_ = std::make_unique<AdminService>(*dispatcher_, *metrics_);
  WAN_RETURN_IF_ERROR(Listen());
  if (exposer_ != nullptr) WAN_RETURN_IF_ERROR(WritePortFile(config_.metrics_port_file, exposer_->port()));
  WAN_RETURN_IF_ERROR(WritePortFile(config_.listen_port_file, port_));
  dispatcher_->StartClaiming();  // last: a server that cannot start takes no job
  return absl::OkStatus();
}

absl::Status ServerApp::Impl::StartMetrics() {
  if (!config_.metrics_address.empty()) {
    WAN_ASSIGN_OR_RETURN(exposer_,
                         MetricsExposer::Start(config_.metrics_address, [this] { return serving_.can_take_jobs(); }));
  }
  metrics_ = std::make_unique<ServerMetrics>(exposer_ != nullptr ? exposer_->registry() : own_registry_, parts_.catalog,
                                             RingNames(config_));
  return absl::OkStatus();
}

absl::Status ServerApp::Impl::Recover() {
  WAN_ASSIGN_OR_RETURN(const std::vector<Job> recovered, parts_.store->RecoverOwn(kOwner));
  for (const Job& job : recovered) {
    WAN_LOG(INFO) << "job " << job.id << " was running when the server ended: " << JobStateName(job.state);
    if (IsFinal(job.state)) metrics_->JobEnded(job);
  }
  return absl::OkStatus();
}

void ServerApp::Impl::StartRings() {
  dispatcher_ = std::make_unique<Dispatcher>(config_.rings,
                                             RunContext{.store = *parts_.store,
                                                        .queue = *queue_,
                                                        .events = events_,
                                                        .results = *parts_.results,
                                                        .metrics = *metrics_},
                                             RingRunner::Options{.lease = {.owner = kOwner, .duration = config_.lease},
                                                                 .retry_delay = options_.retry_delay,
                                                                 .client = options_.ring_client},
                                             [this](bool any_ready) { serving_.SetRingsReady(any_ready); });
}

absl::Status ServerApp::Impl::Listen() {
  WAN_ASSIGN_OR_RETURN(HostPort listen, ParseHostPort(config_.listen_address));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(config_.listen_address, grpc::InsecureServerCredentials(), &port_);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a second server on the port is an error
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinPingIntervalMilliseconds);
  builder.RegisterService(videos_.get());
  builder.RegisterService(admin_.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    return absl::UnavailableError(absl::StrCat("listen.address: cannot listen on ", config_.listen_address,
                                               ": the port is taken or the address is not here"));
  }
  listen.port = port_;
  address_ = FormatHostPort(listen);
  serving_.Attach(server_->GetHealthCheckService());
  return absl::OkStatus();
}

void ServerApp::Impl::Drain() {
  const absl::Time deadline = absl::Now() + config_.drain_timeout;
  serving_.BeginDrain();
  submission_->RefuseFromNowOn();
  dispatcher_->StopClaiming();
  WAN_LOG(INFO) << "draining: running jobs have " << absl::FormatDuration(config_.drain_timeout);
  dispatcher_->Drain(config_.drain_timeout);
  EndStreams(deadline);
  WAN_LOG(INFO) << "drained";
}

void ServerApp::Impl::EndStreams(absl::Time download_deadline) {
  watches_.EndAll(ServerStops());
  downloads_.AwaitNone(std::max(download_deadline - absl::Now(), absl::ZeroDuration()));
  downloads_.EndAll(ServerStops());
  watches_.AwaitNone(kStreamEndTimeout);
  downloads_.AwaitNone(kStreamEndTimeout);
  server_->Shutdown(absl::ToChronoTime(absl::Now() + kStreamEndTimeout));
}

ServerApp::Impl::~Impl() {
  if (server_ != nullptr) {
    serving_.Detach();
    watches_.EndAll(ServerStops());
    downloads_.EndAll(ServerStops());
    server_->Shutdown(absl::ToChronoTime(absl::Now()));  // waits until every handler is done
    server_.reset();
    watches_.AwaitNone(kStreamEndTimeout);
    downloads_.AwaitNone(kStreamEndTimeout);
  }
}

absl::StatusOr<std::unique_ptr<ServerApp>> ServerApp::Start(const ServerConfig& config, Options options) {
  WAN_RETURN_IF_ERROR(Validate(config, options.insecure));
  WAN_ASSIGN_OR_RETURN(ModelCatalog catalog, ModelCatalog::Load(config.models_path));
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<JobStore> store, SqliteJobStore::Open({.path = config.store_path}));
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<ResultStore> results, FileResultStore::Open(config.results_path));
  auto impl = std::make_unique<Impl>(
      config, options,
      Impl::Parts{.catalog = std::move(catalog), .store = std::move(store), .results = std::move(results)});
  WAN_RETURN_IF_ERROR(impl->Start());
  WAN_LOG(INFO) << "listening on " << impl->address();
  return std::unique_ptr<ServerApp>(new ServerApp(std::move(impl)));
}

ServerApp::ServerApp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ServerApp::~ServerApp() = default;

void ServerApp::Drain() { impl_->Drain(); }
std::string ServerApp::address() const { return impl_->address(); }
int ServerApp::port() const { return impl_->port(); }
int ServerApp::metrics_port() const { return impl_->metrics_port(); }

}  // namespace wan

#include "worker/service/ring_server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "worker/service/ring_service.h"

namespace wan {
namespace {

// A peer whose machine or network is gone answers no ping: its call ends as cancelled after at most 30 s.
constexpr int kKeepaliveMilliseconds = 20'000;
constexpr int kKeepaliveTimeoutMilliseconds = 10'000;

}  // namespace

class RingServer::Impl {
 public:
  Impl(RingService::Context context, RingStatus& status)
      : status_(status), service_(context, RingService::Intervals{}) {}

  absl::Status Listen(const std::string& address) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    // Without this a second worker on the same port would start and take half of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    // The server pings too while it watches.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kKeepaliveTimeoutMilliseconds);
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(absl::StrCat("listen.address: cannot listen at ", address, ": taken, or not here"));
    }
    return absl::OkStatus();
  }

  void Shutdown(absl::Duration grace) {
    status_.Close();
    if (server_ == nullptr) return;
    server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
    server_->Wait();
  }

  int port() const { return port_; }

 private:
  RingStatus& status_;
  RingService service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

absl::StatusOr<std::unique_ptr<RingServer>> RingServer::Start(const std::string& address, const ModelCatalog& catalog,
                                                              const ScratchDir& scratch, RingStatus& status,
                                                              JobMailbox& mailbox) {
  auto impl = std::make_unique<Impl>(
      RingService::Context{.catalog = catalog, .scratch = scratch, .status = status, .mailbox = mailbox}, status);
  if (absl::Status listening = impl->Listen(address); !listening.ok()) return listening;
  return std::unique_ptr<RingServer>(new RingServer(std::move(impl)));
}

RingServer::RingServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RingServer::~RingServer() { Shutdown(absl::ZeroDuration()); }
int RingServer::port() const { return impl_->port(); }
void RingServer::Shutdown(absl::Duration grace) { impl_->Shutdown(grace); }

}  // namespace wan

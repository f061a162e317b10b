#include "common/metrics/exposer.h"

#include <civetweb.h>
#include <prometheus/text_serializer.h>

#include <cstring>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/rpc/listen_address.h"
#include "common/status_macros.h"

namespace wan {

// civetweb itself and not prometheus::Exposer, which has no room for /healthz and /readyz. Debian's prometheus-cpp-dev
// depends on its headers.
class MetricsExposer::Impl {
 public:
  explicit Impl(std::function<bool()> ready) : ready_(std::move(ready)) { mg_init_library(MG_FEATURES_DEFAULT); }
  ~Impl() {
    if (server_ != nullptr) Stop();
    mg_exit_library();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  absl::Status Listen(const std::string& address);

  prometheus::Registry& registry() { return registry_; }
  int port() const { return port_; }

 private:
  struct Response {
    int code;
    const char* content_type;
    std::string body;
  };

  Response Metrics() const {
    return {200, "text/plain; version=0.0.4; charset=utf-8",
            prometheus::TextSerializer().Serialize(registry_.Collect())};
  }
  Response Health() const { return {200, "text/plain", "ok\n"}; }
  Response Readiness() const {
    return ready_() ? Response{200, "text/plain", "ready\n"} : Response{503, "text/plain", "not ready\n"};
  }

  void Stop();

  template <Response (Impl::*Make)() const>
  static int Handle(mg_connection* connection, void* self);

  const std::function<bool()> ready_;
  prometheus::Registry registry_;
  mg_context* server_ = nullptr;
  std::string host_;
  int port_ = 0;
};

template <MetricsExposer::Impl::Response (MetricsExposer::Impl::*Make)() const>
int MetricsExposer::Impl::Handle(mg_connection* connection, void* self) {
  const char* method = mg_get_request_info(connection)->request_method;
  const bool is_head = std::strcmp(method, "HEAD") == 0;
  if (!is_head && std::strcmp(method, "GET") != 0) {
    mg_send_http_error(connection, 405, "%s", "GET and HEAD only");
    return 405;
  }
  const Response response = (static_cast<const Impl*>(self)->*Make)();
  mg_printf(connection, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
            response.code, mg_get_response_code_text(connection, response.code), response.content_type,
            response.body.size());
  if (!is_head) mg_write(connection, response.body.data(), response.body.size());
  return response.code;
}

absl::Status MetricsExposer::Impl::Listen(const std::string& address) {
  // Parsed first: civetweb would also take lists, bare ports (every interface) and suffixes for TLS and redirects.
  WAN_ASSIGN_OR_RETURN(const HostPort parsed, ParseHostPort(address));
  host_ = parsed.host;
  if (absl::StrContains(host_, ":") && mg_check_feature(MG_FEATURES_IPV6) == 0) {
    return absl::UnavailableError(absl::StrCat("listen for metrics on ", address, ": civetweb was built without IPv6"));
  }
  // No document root: nothing is served but the three paths below.
  const char* options[] = {"listening_ports",    address.c_str(), "num_threads", "2",
                           "request_timeout_ms", "10000",         nullptr};
  char reason[256] = "";
  mg_callbacks callbacks = {};
  mg_init_data init = {.callbacks = &callbacks, .user_data = this, .configuration_options = options};
  mg_error_data error = {.code = nullptr, .text = reason, .text_buffer_size = sizeof(reason)};
  server_ = mg_start2(&init, &error);
  if (server_ == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("listen for metrics on ", address, ": ", *reason != '\0' ? reason : "cannot bind"));
  }
  mg_set_request_handler(server_, "/metrics$", &Handle<&Impl::Metrics>, this);
  mg_set_request_handler(server_, "/healthz$", &Handle<&Impl::Health>, this);
  mg_set_request_handler(server_, "/readyz$", &Handle<&Impl::Readiness>, this);
  mg_server_port ports[1];
  if (mg_get_server_ports(server_, 1, ports) == 1) port_ = ports[0].port;
  return absl::OkStatus();
}

// civetweb's listener looks whether it should stop every two seconds only; a connection makes it look at once.
void MetricsExposer::Impl::Stop() {
  absl::Notification is_stopped;
  std::thread stopper([&] {
    mg_stop(server_);  // joins its threads
    is_stopped.Notify();
  });
  while (!is_stopped.WaitForNotificationWithTimeout(absl::Milliseconds(10))) {
    char error[64];
    if (mg_connection* connection = mg_connect_client(host_.c_str(), port_, 0, error, sizeof(error))) {
      mg_close_connection(connection);
    }
  }
  stopper.join();
}

absl::StatusOr<std::unique_ptr<MetricsExposer>> MetricsExposer::Start(const std::string& address,
                                                                      std::function<bool()> ready) {
  auto impl = std::make_unique<Impl>(std::move(ready));
  if (absl::Status status = impl->Listen(address); !status.ok()) return status;
  return std::unique_ptr<MetricsExposer>(new MetricsExposer(std::move(impl)));
}

MetricsExposer::MetricsExposer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsExposer::~MetricsExposer() = default;

prometheus::Registry& MetricsExposer::registry() { return impl_->registry(); }
int MetricsExposer::port() const { return impl_->port(); }

}  // namespace wan

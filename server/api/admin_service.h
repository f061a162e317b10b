#ifndef WAN_SERVER_API_ADMIN_SERVICE_H_
#define WAN_SERVER_API_ADMIN_SERVICE_H_

#include "server/metrics/server_metrics.h"
#include "server/ring/dispatcher.h"
#include "wan/v1/admin.grpc.pb.h"

namespace wan {

// wan.v1.Admin. Outlives the gRPC server that it is registered with; everything else is borrowed.
class AdminService final : public v1::Admin::WithRawCallbackMethod_ListRings<v1::Admin::Service> {
 public:
  AdminService(const Dispatcher& dispatcher, ServerMetrics& metrics) : dispatcher_(dispatcher), metrics_(metrics) {}

  grpc::ServerUnaryReactor* ListRings(grpc::CallbackServerContext* call, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* reply) override;

 private:
  const Dispatcher& dispatcher_;
  ServerMetrics& metrics_;
};

}  // namespace wan

#endif  // WAN_SERVER_API_ADMIN_SERVICE_H_

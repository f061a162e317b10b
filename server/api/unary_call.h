#ifndef WAN_SERVER_API_UNARY_CALL_H_
#define WAN_SERVER_API_UNARY_CALL_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "common/rpc/grpc_status.h"
#include "server/api/call_timer.h"
#include "server/api/request_parser.h"

namespace wan {

// One call of a raw unary method: parses, handles, replies. The handler runs on gRPC's thread: milliseconds only.
template <typename Request, typename Reply>
grpc::ServerUnaryReactor* HandleUnary(grpc::CallbackServerContext* context, CallTimer timer,
                                      const grpc::ByteBuffer& request_bytes, grpc::ByteBuffer* reply_bytes,
                                      absl::FunctionRef<absl::StatusOr<Reply>(const Request&)> handler) {
  Request request;
  absl::Status status = ParseRequest(request_bytes, request);
  if (status.ok()) {
    const absl::StatusOr<Reply> reply = handler(request);
    status = reply.status();
    if (reply.ok()) *reply_bytes = SerializeReply(*reply);
  }
  timer.End(status);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

}  // namespace wan

#endif  // WAN_SERVER_API_UNARY_CALL_H_

#include "server/api/admin_service.h"

#include "server/api/unary_call.h"

namespace wan {

grpc::ServerUnaryReactor* AdminService::ListRings(grpc::CallbackServerContext* call, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* reply) {
  return HandleUnary<v1::ListRingsRequest, v1::ListRingsResponse>(
      call, CallTimer(metrics_, "wan.v1.Admin/ListRings"), *request, reply,
      [this](const v1::ListRingsRequest&) -> absl::StatusOr<v1::ListRingsResponse> {
        v1::ListRingsResponse response;
        for (v1::Ring& ring : dispatcher_.ListRings()) *response.add_rings() = std::move(ring);
        return response;
      });
}

}  // namespace wan

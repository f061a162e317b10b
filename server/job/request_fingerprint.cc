#include "server/job/request_fingerprint.h"

#include "common/generation/spec_proto.h"
#include "common/sha256.h"

namespace wan {

std::string RequestFingerprint(const GenerationRequest& request) {
  // The message has no map and no unknown fields, so its bytes depend on the values alone.
  return Sha256Hex(RequestToProto(request).SerializeAsString());
}

}  // namespace wan

// Tells a retry of SubmitJob from another request under the same request_id.
#ifndef WAN_SERVER_JOB_REQUEST_FINGERPRINT_H_
#define WAN_SERVER_JOB_REQUEST_FINGERPRINT_H_

#include <string>

#include "common/generation/spec.h"

namespace wan {

// SHA-256 in hex of the request as the caller gave it, before defaults and the chosen seed: an absent field and the
// same value spelled out differ.
std::string RequestFingerprint(const GenerationRequest& request);

}  // namespace wan

#endif  // WAN_SERVER_JOB_REQUEST_FINGERPRINT_H_

#ifndef WAN_WORKER_MEDIA_CODECS_H_
#define WAN_WORKER_MEDIA_CODECS_H_

#include <vector>

#include "common/generation/spec.h"

namespace wan {

// The codecs that this machine really encodes: each encoder is opened, since a libavcodec lists encoders whose
// hardware or library is absent. Takes milliseconds. Any thread.
std::vector<VideoCodec> UsableVideoCodecs();

}  // namespace wan

#endif  // WAN_WORKER_MEDIA_CODECS_H_

#include "worker/media/codecs.h"

#include "common/log.h"
#include "worker/media/video_encoder.h"

namespace wan {

std::vector<VideoCodec> UsableVideoCodecs() {
  std::vector<VideoCodec> usable;
  for (const VideoCodec codec : {VideoCodec::kH264, VideoCodec::kFfv1}) {
    const auto encoder = VideoEncoder::Open({.width = 64, .height = 64, .codec = codec});
    if (encoder.ok()) {
      usable.push_back(codec);
    } else {
      WAN_LOG(INFO) << "video codec not offered: " << encoder.status().ToString();
    }
  }
  return usable;
}

}  // namespace wan

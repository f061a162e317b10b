#include "worker/service/ring_messages.h"

#include <google/protobuf/duration.pb.h>

#include <string>

#include "common/version.h"

namespace wan {
namespace {

google::protobuf::Duration DurationToProto(absl::Duration duration) {
  google::protobuf::Duration message;
  message.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return message;
}

wan::v1::Phase PhaseToProto(Phase phase) {
  static_assert(static_cast<int>(Phase::kLoading) + 1 == wan::v1::PHASE_LOADING);
  static_assert(static_cast<int>(Phase::kPublishing) + 1 == wan::v1::PHASE_PUBLISHING);
  return static_cast<wan::v1::Phase>(static_cast<int>(phase) + 1);
}

wan::v1::RingState StateToProto(RingState state) {
  switch (state) {
    case RingState::kStarting:
      return wan::v1::RING_STATE_STARTING;
    case RingState::kLoading:
      return wan::v1::RING_STATE_LOADING;
    case RingState::kReady:
      return wan::v1::RING_STATE_READY;
    case RingState::kBusy:
      return wan::v1::RING_STATE_BUSY;
    case RingState::kDraining:
      return wan::v1::RING_STATE_DRAINING;
  }
  return wan::v1::RING_STATE_UNSPECIFIED;
}

}  // namespace

wan::v1::Progress ProgressToProto(const JobProgress& progress) {
  wan::v1::Progress message;
  message.set_phase(PhaseToProto(progress.phase));
  message.set_video_index(static_cast<int32_t>(progress.video_index));
  message.set_step(static_cast<int32_t>(progress.step));
  message.set_of(static_cast<int32_t>(progress.of));
  if (progress.step_duration > absl::ZeroDuration()) {
    *message.mutable_step_duration() = DurationToProto(progress.step_duration);
  }
  if (progress.remaining_duration.has_value()) {
    *message.mutable_remaining_duration() = DurationToProto(*progress.remaining_duration);
  }
  return message;
}

worker::v1::RingStatus StatusToProto(const RingInfo& info, const RingStatus::Snapshot& now, absl::Duration uptime) {
  worker::v1::RingStatus message;
  message.set_state(StateToProto(now.state));
  message.set_model(info.model);
  message.set_world_size(static_cast<int32_t>(info.world_size));
  message.set_generation(info.generation);
  message.set_version(BuildVersion());
  message.set_dtype(now.dtype);
  message.set_device(info.device);
  for (const std::string& codec : info.codecs) message.add_codecs(codec);
  message.set_job_id(now.job_id);
  *message.mutable_uptime() = DurationToProto(uptime);
  return message;
}

worker::v1::Completed ResultToProto(const JobRun& job, const JobResult& result) {
  worker::v1::Completed message;
  for (const RenderedVideo& video : result.videos) {
    wan::v1::Video& out = *message.add_videos();
    out.set_index(static_cast<int32_t>(video.index));
    out.set_seed(job.spec().seed + video.index);
    out.set_codec(std::string(VideoCodecName(job.spec().codec)));
    out.set_container(std::string(VideoContainerName(job.spec().codec)));
    out.set_size_bytes(video.size_bytes);
    out.set_sha256(video.sha256);
    out.set_num_frames(static_cast<int32_t>(video.num_frames));
  }
  for (const PhaseTime& time : result.phases) {
    worker::v1::PhaseDuration& out = *message.add_durations();
    out.set_phase(PhaseToProto(time.phase));
    *out.mutable_duration() = DurationToProto(time.duration);
  }
  message.set_transformer_forwards(result.transformer_forwards);
  return message;
}

}  // namespace wan

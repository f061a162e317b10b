#include "server/api/job_proto.h"

#include <string>

#include "common/generation/spec_proto.h"
#include "common/log.h"
#include "common/rpc/grpc_status.h"

namespace wan {
namespace {

void SetTimestamp(absl::Time time, google::protobuf::Timestamp* message) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  message->set_seconds(seconds);
  message->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

}  // namespace

v1::JobState JobStateToProto(JobState state) {
  switch (state) {
    case JobState::kQueued:
      return v1::JOB_STATE_QUEUED;
    case JobState::kRunning:
      return v1::JOB_STATE_RUNNING;
    case JobState::kSucceeded:
      return v1::JOB_STATE_SUCCEEDED;
    case JobState::kFailed:
      return v1::JOB_STATE_FAILED;
    case JobState::kCancelled:
      return v1::JOB_STATE_CANCELLED;
    case JobState::kExpired:
      return v1::JOB_STATE_EXPIRED;
  }
  WAN_CHECK(false);
  return v1::JOB_STATE_UNSPECIFIED;
}

std::optional<JobState> JobStateFromProto(v1::JobState state) {
  for (const JobState known : kAllJobStates) {
    if (JobStateToProto(known) == state) return known;
  }
  return std::nullopt;
}

v1::Video VideoToProto(const JobVideo& video) {
  v1::Video message;
  message.set_index(video.index);
  message.set_seed(video.seed);
  message.set_codec(std::string(VideoCodecName(video.codec)));
  message.set_container(video.container);
  message.set_size_bytes(video.size_bytes);
  message.set_sha256(video.sha256);
  message.set_num_frames(video.num_frames);
  return message;
}

v1::Job JobToProto(const Job& job, int64_t queue_position, const std::optional<v1::Progress>& progress) {
  v1::Job message;
  message.set_job_id(job.id);
  message.set_state(JobStateToProto(job.state));
  *message.mutable_spec() = SpecToProto(job.resolved.spec);
  for (const auto& [field, origin] : job.resolved.origins) {
    (*message.mutable_spec_origins())[field] = OriginToProto(origin);
  }
  SetTimestamp(job.create_time, message.mutable_create_time());
  if (job.start_time.has_value()) SetTimestamp(*job.start_time, message.mutable_start_time());
  if (job.end_time.has_value()) SetTimestamp(*job.end_time, message.mutable_end_time());
  message.set_queue_position(static_cast<int32_t>(queue_position));
  message.set_attempt(job.attempt);
  message.set_max_attempts(job.max_attempts);
  message.set_cancel_requested(job.cancel_requested);
  message.set_ring(job.ring);
  if (progress.has_value()) *message.mutable_progress() = *progress;
  if (!job.error.ok()) *message.mutable_error() = ToRpcStatus(job.error);
  for (const JobVideo& video : job.videos) *message.add_videos() = VideoToProto(video);
  message.set_request_id(job.request_id);
  return message;
}

v1::Model ModelToProto(const ModelEntry& entry, const Dispatcher::ModelRings& rings) {
  v1::Model message;
  message.set_name(entry.name);
  message.set_display_name(entry.display_name);
  for (const std::string& task : entry.tasks) message.add_tasks(task);
  *message.mutable_defaults() = SpecToProto(entry.defaults);
  message.mutable_defaults()->set_model(entry.name);
  message.mutable_defaults()->clear_seed();  // chosen anew for each job
  v1::ModelLimits& limits = *message.mutable_limits();
  limits.set_size_multiple(static_cast<int32_t>(entry.limits.size_multiple));
  limits.set_min_side(static_cast<int32_t>(entry.limits.min_side));
  limits.set_max_side(static_cast<int32_t>(entry.limits.max_side));
  limits.set_max_pixels(entry.limits.max_pixels);
  limits.set_max_frames(static_cast<int32_t>(entry.limits.max_frames));
  limits.set_max_steps(static_cast<int32_t>(entry.limits.max_steps));
  limits.set_max_videos(static_cast<int32_t>(entry.limits.max_videos));
  limits.set_max_prompt_bytes(static_cast<int32_t>(entry.limits.max_prompt_bytes));
  for (const std::string& codec : rings.codecs) message.add_codecs(codec);
  message.set_ready_rings(rings.ready);
  return message;
}

}  // namespace wan

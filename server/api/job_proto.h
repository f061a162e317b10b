// Records of the job table as messages of the public API.
#ifndef WAN_SERVER_API_JOB_PROTO_H_
#define WAN_SERVER_API_JOB_PROTO_H_

#include <cstdint>
#include <optional>

#include "common/generation/model_catalog.h"
#include "server/job/job.h"
#include "server/job/job_state.h"
#include "server/ring/dispatcher.h"
#include "wan/v1/job.pb.h"
#include "wan/v1/video_generation.pb.h"

namespace wan {

v1::JobState JobStateToProto(JobState state);
std::optional<JobState> JobStateFromProto(v1::JobState state);  // nullopt for UNSPECIFIED and numbers without a name

v1::Video VideoToProto(const JobVideo& video);

// `queue_position` 0 and `progress` nullopt: none.
v1::Job JobToProto(const Job& job, int64_t queue_position, const std::optional<v1::Progress>& progress);

v1::Model ModelToProto(const ModelEntry& entry, const Dispatcher::ModelRings& rings);

}  // namespace wan

#endif  // WAN_SERVER_API_JOB_PROTO_H_

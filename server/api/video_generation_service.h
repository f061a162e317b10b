// wan.v1.VideoGeneration. Every method takes its request as bytes: see request_parser.h.
#ifndef WAN_SERVER_API_VIDEO_GENERATION_SERVICE_H_
#define WAN_SERVER_API_VIDEO_GENERATION_SERVICE_H_

#include "common/generation/model_catalog.h"
#include "server/api/job_submission.h"
#include "server/api/live_streams.h"
#include "server/api/watch_job_reactor.h"
#include "server/job/job_events.h"
#include "server/job/job_store.h"
#include "server/metrics/server_metrics.h"
#include "server/result/result_store.h"
#include "server/ring/dispatcher.h"
#include "wan/v1/video_generation.grpc.pb.h"

namespace wan {

using RawVideoGeneration = v1::VideoGeneration::WithRawCallbackMethod_SubmitJob<
    v1::VideoGeneration::WithRawCallbackMethod_GetJob<v1::VideoGeneration::WithRawCallbackMethod_ListJobs<
        v1::VideoGeneration::WithRawCallbackMethod_CancelJob<v1::VideoGeneration::WithRawCallbackMethod_WatchJob<
            v1::VideoGeneration::WithRawCallbackMethod_DownloadVideo<
                v1::VideoGeneration::WithRawCallbackMethod_ListModels<v1::VideoGeneration::Service>>>>>>>;

// Outlives the gRPC server that it is registered with.
class VideoGenerationService final : public RawVideoGeneration {
 public:
  struct Context {  // all borrowed
    const ModelCatalog& catalog;
    JobSubmission& submission;
    JobStore& store;
    JobEvents& events;
    ResultStore& results;
    Dispatcher& dispatcher;
    ServerMetrics& metrics;
    LiveStreams& watches;
    LiveStreams& downloads;
  };

  VideoGenerationService(Context context, WatchOptions watch) : context_(context), watch_(watch) {}

  using Unary = grpc::ServerUnaryReactor;
  using Stream = grpc::ServerWriteReactor<grpc::ByteBuffer>;
  using CallContext = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;
  Unary* SubmitJob(CallContext* call, const Bytes* request, Bytes* reply) override;
  Unary* GetJob(CallContext* call, const Bytes* request, Bytes* reply) override;
  Unary* ListJobs(CallContext* call, const Bytes* request, Bytes* reply) override;
  Unary* CancelJob(CallContext* call, const Bytes* request, Bytes* reply) override;
  Unary* ListModels(CallContext* call, const Bytes* request, Bytes* reply) override;
  Stream* WatchJob(CallContext* call, const Bytes* request) override;
  Stream* DownloadVideo(CallContext* call, const Bytes* request) override;

 private:
  absl::StatusOr<v1::Job> View(const Job& job) const;
  absl::StatusOr<v1::Job> Cancel(const std::string& job_id) const;

  const Context context_;
  const WatchOptions watch_;
};

}  // namespace wan

#endif  // WAN_SERVER_API_VIDEO_GENERATION_SERVICE_H_

#include "worker/rank_compute.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/status_macros.h"
#include "worker/device/device.h"
#include "worker/device/host_limits.h"
#include "worker/media/video_frame_sink.h"
#include "worker/media/video_metadata.h"
#include "worker/pipeline/wan_pipeline.h"

namespace wan {
namespace {

constexpr int64_t kLocalRanks = 1;
// Encoding overlaps decoding and is far cheaper: it gets a share of the compute threads.
constexpr int64_t kComputeThreadsPerEncoderThread = 4;
constexpr int64_t kMaxEncoderThreads = 8;

class LoadedPipeline final : public GenerationPipeline {
 public:
  explicit LoadedPipeline(std::unique_ptr<WanPipeline> pipeline) : pipeline_(std::move(pipeline)) {}

  absl::Status Run(const GenerationSpec& spec, StepGate& gate, FrameSink* sink) override {
    return pipeline_->Run(spec, gate, sink);
  }
  std::string dtype() const override { return pipeline_->dtype(); }
  int64_t weights_bytes() const override { return pipeline_->weights_bytes(); }

 private:
  const std::unique_ptr<WanPipeline> pipeline_;
};

class EncodedOutput final : public VideoOutput {
 public:
  explicit EncodedOutput(std::unique_ptr<VideoFrameSink> sink) : sink_(std::move(sink)) {}

  FrameSink& sink() override { return *sink_; }

  absl::StatusOr<std::vector<RenderedVideo>> Finish() override {
    WAN_ASSIGN_OR_RETURN(const std::vector<EncodedVideo> encoded, sink_->Finish());
    std::vector<RenderedVideo> videos;
    for (const EncodedVideo& video : encoded) {
      videos.push_back({.index = video.index,
                        .path = video.path,
                        .size_bytes = video.size_bytes,
                        .num_frames = video.num_frames,
                        .sha256 = video.sha256,
                        .encode_time = video.encode_time});
    }
    return videos;
  }

 private:
  const std::unique_ptr<VideoFrameSink> sink_;
};

absl::StatusOr<std::unique_ptr<GenerationPipeline>> LoadPipeline(const WorkerConfig& config) {
  WAN_ASSIGN_OR_RETURN(std::unique_ptr<WanPipeline> pipeline,
                       WanPipeline::Load({.checkpoint = config.model.checkpoint,
                                          .dtype = config.model.dtype,
                                          .scheduler_dtype = config.scheduler.dtype,
                                          .vae_dtype = config.vae.dtype,
                                          .vae_weights_dtype = config.vae.weights_dtype,
                                          .vae_decode_chunk = config.vae.decode_chunk,
                                          .vae_encode_chunk = config.vae.encode_chunk,
                                          .device = config.device,
                                          .threads = config.threads}));
  return std::make_unique<LoadedPipeline>(std::move(pipeline));
}

absl::StatusOr<std::unique_ptr<VideoOutput>> OpenOutput(const WorkerConfig& config, const JobRun& job) {
  const GenerationSpec& spec = job.spec();
  const int64_t compute_threads = UsableThreads(kLocalRanks, config.threads);
  const int64_t encoder_threads =
      std::clamp<int64_t>(compute_threads / kComputeThreadsPerEncoderThread, 1, kMaxEncoderThreads);
  WAN_ASSIGN_OR_RETURN(
      std::unique_ptr<VideoFrameSink> sink,
      VideoFrameSink::Create({.folder = job.scratch_dir(),
                              .encoder = {.width = spec.width,
                                          .height = spec.height,
                                          .frame_rate = spec.fps,
                                          .codec = spec.codec,
                                          .crf = static_cast<int>(config.video.crf),
                                          .preset = config.video.preset,
                                          .threads = static_cast<int>(encoder_threads)},
                              .metadata = [spec](int64_t index) { return VideoMetadata(spec, index); }}));
  return std::make_unique<EncodedOutput>(std::move(sink));
}

std::optional<int64_t> FreeMemory(const std::string& device_name) {
  const absl::StatusOr<Device> device = Device::Open(device_name);
  if (!device.ok()) return std::nullopt;
  const absl::StatusOr<MemoryFigures> memory = device->Memory();
  if (!memory.ok()) return std::nullopt;
  return memory->free_bytes;
}

}  // namespace

RankLoop::Options MakeRankCompute(const WorkerConfig& config) {
  return {.load = [config] { return LoadPipeline(config); },
          .open_output = [config](const JobRun& job) { return OpenOutput(config, job); },
          .free_memory = [device = config.device] { return FreeMemory(device); },
          .step_passed = {}};
}

}  // namespace wan

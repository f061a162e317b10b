#include "worker/ring/ring_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <map>

#include "common/version.h"

namespace wan {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Histogram;

// Jobs take from a second to an hour; steps from milliseconds (demo model) to minutes.
const Histogram::BucketBoundaries kJobBuckets = {0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200};
const Histogram::BucketBoundaries kStepBuckets = {0.01, 0.03, 0.1, 0.3, 1, 2, 5, 10, 20, 30, 60, 120, 300};
constexpr char kExpert[] = "transformer";  // checkpoints with two experts name them
constexpr std::array<VideoCodec, 2> kCodecs = {VideoCodec::kH264, VideoCodec::kFfv1};
// The rest of Phase belongs to the server or to checkpoints with image input.
constexpr std::array<Phase, 4> kPhases = {Phase::kEncodingText, Phase::kDenoising, Phase::kDecoding, Phase::kMuxing};

std::string Name(absl::string_view view) { return std::string(view); }

}  // namespace

class RingMetrics::Impl {
 public:
  Impl(prometheus::Registry& registry, std::string model)
      : model_(std::move(model)),
        model_info_(
            BuildGauge().Name("wan_model_info").Help("The model this ring serves; always 1").Register(registry)),
        rank_up_(BuildGauge()
                     .Name("wan_rank_up")
                     .Help("1 while the rank's compute thread takes jobs")
                     .Register(registry)
                     .Add({{"rank", "0"}})),
        load_(BuildHistogram()
                  .Name("wan_weights_load_seconds")
                  .Help("Loading the checkpoint")
                  .Register(registry)
                  .Add({{"model", model_}, {"source", "checkpoint"}}, kJobBuckets)),
        memory_(BuildGauge().Name("wan_device_memory_bytes").Help("Device memory by use").Register(registry)),
        step_(BuildHistogram()
                  .Name("wan_step_duration_seconds")
                  .Help("One denoising step")
                  .Register(registry)
                  .Add({{"model", model_}, {"expert", kExpert}, {"kind", "computed"}}, kStepBuckets)) {
    BuildGauge()
        .Name("wan_build_info")
        .Help("Version of this program; always 1")
        .Register(registry)
        .Add({{"version", BuildVersion()}})
        .Set(1);
    auto& forwards = BuildCounter()
                         .Name("wan_transformer_forwards_total")
                         .Help("Stacks of transformer blocks that were run")
                         .Register(registry);
    conditional_ = &forwards.Add({{"model", model_}, {"expert", kExpert}, {"branch", "cond"}});
    unconditional_ = &forwards.Add({{"model", model_}, {"expert", kExpert}, {"branch", "uncond"}});

    auto& phases =
        BuildHistogram().Name("wan_phase_duration_seconds").Help("Time of a job in each phase").Register(registry);
    for (const Phase phase : kPhases) {
      phases_[phase] = &phases.Add({{"phase", Name(PhaseName(phase))}, {"model", model_}}, kJobBuckets);
    }
    auto& frames = BuildCounter().Name("wan_output_frames_total").Help("Frames encoded").Register(registry);
    auto& bytes = BuildCounter().Name("wan_output_bytes_total").Help("Bytes of finished videos").Register(registry);
    auto& encode = BuildHistogram()
                       .Name("wan_encode_duration_seconds")
                       .Help("Encoding and writing of one video, beside its decoding")
                       .Register(registry);
    for (const VideoCodec codec : kCodecs) {
      const prometheus::Labels labels = {{"codec", Name(VideoCodecName(codec))}};
      codecs_[codec] = {
          .frames = &frames.Add(labels), .bytes = &bytes.Add(labels), .encode = &encode.Add(labels, kJobBuckets)};
    }
  }

  struct Codec {
    prometheus::Counter* frames;
    prometheus::Counter* bytes;
    Histogram* encode;
  };

  const std::string model_;
  prometheus::Family<prometheus::Gauge>& model_info_;
  prometheus::Gauge& rank_up_;
  Histogram& load_;
  prometheus::Family<prometheus::Gauge>& memory_;
  Histogram& step_;
  prometheus::Counter* conditional_;
  prometheus::Counter* unconditional_;
  std::map<Phase, Histogram*> phases_;
  std::map<VideoCodec, Codec> codecs_;
};

RingMetrics::RingMetrics(prometheus::Registry& registry, const std::string& model)
    : impl_(std::make_unique<Impl>(registry, model)) {}
RingMetrics::~RingMetrics() = default;

void RingMetrics::SetRankUp(bool up) { impl_->rank_up_.Set(up ? 1 : 0); }

void RingMetrics::SetLoaded(const std::string& dtype, absl::Duration load_time, int64_t weights_bytes) {
  impl_->model_info_.Add({{"model", impl_->model_}, {"dtype", dtype}}).Set(1);
  impl_->load_.Observe(absl::ToDoubleSeconds(load_time));
  impl_->memory_.Add({{"rank", "0"}, {"kind", "weights"}}).Set(static_cast<double>(weights_bytes));
}

void RingMetrics::SetFreeMemory(int64_t bytes) {
  impl_->memory_.Add({{"rank", "0"}, {"kind", "free"}}).Set(static_cast<double>(bytes));
}

void RingMetrics::ObserveStep(absl::Duration duration) { impl_->step_.Observe(absl::ToDoubleSeconds(duration)); }

void RingMetrics::AddForwards(int64_t forwards, bool has_guidance) {
  const int64_t unconditional = has_guidance ? forwards / 2 : 0;
  impl_->conditional_->Increment(static_cast<double>(forwards - unconditional));
  impl_->unconditional_->Increment(static_cast<double>(unconditional));
}

void RingMetrics::ObservePhase(Phase phase, absl::Duration duration) {
  const auto found = impl_->phases_.find(phase);
  if (found != impl_->phases_.end()) found->second->Observe(absl::ToDoubleSeconds(duration));
}

void RingMetrics::AddVideo(VideoCodec codec, int64_t num_frames, int64_t size_bytes, absl::Duration encode_time) {
  const Impl::Codec& series = impl_->codecs_.at(codec);
  series.frames->Increment(static_cast<double>(num_frames));
  series.bytes->Increment(static_cast<double>(size_bytes));
  series.encode->Observe(absl::ToDoubleSeconds(encode_time));
}

}  // namespace wan

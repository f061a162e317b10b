#include "worker/pipeline/wan_pipeline.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "common/error.h"
#include "tests/testing/checkpoint.h"
#include "tests/testing/files.h"
#include "tests/testing/golden.h"

namespace wan {
namespace {

// Records what passes, and ends the job where `verdict` says so.
class RecordingGate : public StepGate {
 public:
  absl::Status Pass(const Progress& progress, absl::Status local) override {
    passed.push_back(progress);
    if (!local.ok()) return local;
    return verdict ? verdict(progress) : absl::OkStatus();
  }
  std::vector<Progress> passed;
  std::function<absl::Status(const Progress&)> verdict;
};

class CollectingSink : public FrameSink {
 public:
  absl::Status Accept(int64_t index, at::Tensor frames) override {
    chunks[index].push_back(std::move(frames));
    return error;
  }
  at::Tensor Video(int64_t index) { return at::cat(chunks[index]); }
  std::map<int64_t, std::vector<at::Tensor>> chunks;
  absl::Status error;
};

GenerationSpec SmallSpec() {
  GenerationSpec spec;
  spec.prompt = "a cat";
  spec.negative_prompt = "blurry";
  spec.width = 48;
  spec.height = 32;
  spec.num_frames = 9;
  spec.num_steps = 2;
  spec.guidance_scale = 5;
  spec.flow_shift = 3;
  spec.seed = 42;
  return spec;
}

std::unique_ptr<WanPipeline> LoadPipeline(const std::string& checkpoint, int64_t decode_chunk = 4) {
  auto pipeline =
      WanPipeline::Load({.checkpoint = checkpoint, .dtype = "f32", .vae_decode_chunk = decode_chunk, .threads = 1});
  EXPECT_TRUE(pipeline.ok()) << pipeline.status();
  return *std::move(pipeline);
}

std::string OwnModel() { return GoldenSets().front() + "/models/t2v21"; }

TEST(WanPipeline, ReportsRealStepsOfEachPhaseInOrder) {
  const auto pipeline = LoadPipeline(OwnModel());
  RecordingGate gate;
  CollectingSink sink;
  GenerationSpec spec = SmallSpec();
  spec.num_videos = 2;
  ASSERT_TRUE(pipeline->Run(spec, gate, &sink).ok());
  std::vector<std::string> seen;
  for (const Progress& p : gate.passed) {
    seen.push_back(std::string(PhaseName(p.phase)) + " " + std::to_string(p.video_index) + " " +
                   std::to_string(p.step) + "/" + std::to_string(p.of));
  }
  EXPECT_THAT(seen, ::testing::ElementsAre("encoding_text 0 0/2", "encoding_text 0 1/2", "encoding_text 0 2/2",
                                           "denoising 0 0/2", "denoising 0 1/2", "denoising 0 2/2", "decoding 0 1/9",
                                           "decoding 0 9/9", "denoising 1 0/2", "denoising 1 1/2", "denoising 1 2/2",
                                           "decoding 1 1/9", "decoding 1 9/9"));
  EXPECT_EQ(gate.passed.back().transformer_forwards, 8);  // 2 videos x 2 steps x 2 branches
  EXPECT_EQ(sink.Video(1).sizes(), (std::vector<int64_t>{9, 32, 48, 3}));
}

TEST(WanPipeline, ASecondVideoIsTheFirstOfTheNextSeed) {
  const auto pipeline = LoadPipeline(OwnModel());
  RecordingGate gate;
  CollectingSink two, one;
  GenerationSpec spec = SmallSpec();
  spec.num_videos = 2;
  ASSERT_TRUE(pipeline->Run(spec, gate, &two).ok());
  spec.num_videos = 1;
  spec.seed += 1;
  ASSERT_TRUE(pipeline->Run(spec, gate, &one).ok());
  EXPECT_TRUE(at::equal(two.Video(1), one.Video(0)));
  EXPECT_FALSE(at::equal(two.Video(0), one.Video(0)));
}

TEST(WanPipeline, WithoutGuidanceTheNegativePromptChangesNothingAndHalfIsComputed) {
  const auto pipeline = LoadPipeline(OwnModel());
  std::vector<at::Tensor> videos;
  for (const double guidance : {1.0, 0.0}) {
    for (const char* negative : {"", "something else"}) {
      RecordingGate gate;
      CollectingSink sink;
      GenerationSpec spec = SmallSpec();
      spec.guidance_scale = guidance;
      spec.negative_prompt = negative;
      ASSERT_TRUE(pipeline->Run(spec, gate, &sink).ok());
      EXPECT_EQ(gate.passed.back().transformer_forwards, spec.num_steps);
      videos.push_back(sink.Video(0));
      EXPECT_TRUE(at::equal(videos.back(), videos.front()));
    }
  }
}

TEST(WanPipeline, SameSpecGivesTheSameBytes) {
  CollectingSink first, second;
  RecordingGate gate;
  ASSERT_TRUE(LoadPipeline(OwnModel())->Run(SmallSpec(), gate, &first).ok());
  ASSERT_TRUE(LoadPipeline(OwnModel())->Run(SmallSpec(), gate, &second).ok());
  EXPECT_TRUE(at::equal(first.Video(0), second.Video(0)));
}

TEST(WanPipeline, EndsAtTheStepWhereTheGateSaysSo) {
  const auto pipeline = LoadPipeline(OwnModel());
  for (const Phase phase : {Phase::kEncodingText, Phase::kDenoising, Phase::kDecoding}) {
    RecordingGate gate;
    gate.verdict = [&](const Progress& p) {
      return p.phase == phase && p.step >= 1 ? absl::CancelledError("enough") : absl::OkStatus();
    };
    CollectingSink sink;
    EXPECT_EQ(pipeline->Run(SmallSpec(), gate, &sink).code(), absl::StatusCode::kCancelled);
    EXPECT_EQ(gate.passed.back().phase, phase);
    EXPECT_EQ(gate.passed.back().step, 1);
  }
}

TEST(WanPipeline, AnErrorOfTheSinkGoesThroughTheGate) {
  const auto pipeline = LoadPipeline(OwnModel());
  RecordingGate gate;
  CollectingSink sink;
  sink.error = MakeError(absl::StatusCode::kInternal, kStorage, "disk full");
  EXPECT_TRUE(HasReason(pipeline->Run(SmallSpec(), gate, &sink), kStorage));
}

struct PoisonedTensor {
  const char* file;
  const char* tensor;
  const char* phase;
  const char* step;
};

class NonFiniteTest : public ::testing::TestWithParam<PoisonedTensor> {};

TEST_P(NonFiniteTest, OneBadWeightFailsTheJobWithPhaseAndStep) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    TemporaryFolder folder;
    CopyCheckpoint("t2v21", folder.path());
    PokeFloat(folder.File(GetParam().file), GetParam().tensor, 5, bad);
    RecordingGate gate;
    CollectingSink sink;
    const absl::Status status = LoadPipeline(folder.path())->Run(SmallSpec(), gate, &sink);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    ErrorDetails details = GetErrorDetails(status);
    EXPECT_EQ(details.reason, kNonFinite);
    EXPECT_EQ(details.metadata["phase"], GetParam().phase);
    EXPECT_EQ(details.metadata["step"], GetParam().step);
    EXPECT_TRUE(sink.chunks.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Components, NonFiniteTest,
                         ::testing::Values(PoisonedTensor{"text_encoder/model.safetensors",
                                                          "encoder.final_layer_norm.weight", "encoding_text", "1"},
                                           PoisonedTensor{"transformer/diffusion_pytorch_model.safetensors",
                                                          "blocks.1.ffn.net.0.proj.weight", "denoising", "1"},
                                           PoisonedTensor{"vae/diffusion_pytorch_model.safetensors",
                                                          "decoder.conv_in.weight", "decoding", "1"}));

}  // namespace
}  // namespace wan

#include "common/generation/spec_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace wan {
namespace {

using ::testing::HasSubstr;

GenerationSpec TestSpec() {
  GenerationSpec spec;
  spec.model = "m";
  spec.prompt = "a cat";
  spec.negative_prompt = "blurry";
  spec.width = 832;
  spec.height = 480;
  spec.num_frames = 81;
  spec.fps = {30000, 1001};
  spec.num_steps = 50;
  spec.guidance_scale = 5.1;
  spec.flow_shift = 3.3;
  spec.scheduler = NoiseSchedulerKind::kDpm;
  spec.seed = 6687881544318117707;
  spec.num_videos = 4;
  spec.codec = VideoCodec::kFfv1;
  return spec;
}

TEST(SpecProto, SpecSurvivesTheRoundTrip) {
  const auto back = SpecFromProto(SpecToProto(TestSpec()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, TestSpec());
}

TEST(SpecProto, AbsentStaysAbsentAndZeroStaysZero) {
  const GenerationRequest empty = RequestFromProto(RequestToProto({.model = "m"}));
  EXPECT_EQ(empty.model, "m");
  EXPECT_FALSE(empty.guidance_scale.has_value() || empty.seed.has_value() || empty.negative_prompt.has_value() ||
               empty.width.has_value() || empty.height.has_value() || empty.num_frames.has_value() ||
               empty.fps.has_value() || empty.num_steps.has_value() || empty.flow_shift.has_value() ||
               empty.scheduler.has_value() || empty.num_videos.has_value() || empty.codec.has_value());
  const GenerationRequest zero =
      RequestFromProto(RequestToProto({.negative_prompt = "", .guidance_scale = 0.0, .seed = 0}));
  EXPECT_EQ(zero.negative_prompt, "");
  EXPECT_EQ(zero.guidance_scale, 0.0);
  EXPECT_EQ(zero.seed, 0);
}

TEST(SpecProto, RequestKeepsEveryGivenField) {
  const GenerationSpec spec = TestSpec();
  const GenerationRequest request = RequestFromProto(RequestToProto({.model = spec.model,
                                                                     .prompt = spec.prompt,
                                                                     .negative_prompt = spec.negative_prompt,
                                                                     .width = spec.width,
                                                                     .height = spec.height,
                                                                     .num_frames = spec.num_frames,
                                                                     .fps = spec.fps,
                                                                     .num_steps = spec.num_steps,
                                                                     .guidance_scale = spec.guidance_scale,
                                                                     .flow_shift = spec.flow_shift,
                                                                     .scheduler = "dpm++",
                                                                     .seed = spec.seed,
                                                                     .num_videos = spec.num_videos,
                                                                     .codec = "ffv1"}));
  EXPECT_EQ(RequestToProto(request).SerializeAsString(), SpecToProto(spec).SerializeAsString());
}

TEST(SpecProto, DenominatorZeroIsReadAsOne) {
  wan::v1::GenerationSpec message;
  message.mutable_fps()->set_numerator(16);
  EXPECT_EQ(RequestFromProto(message).fps, (FrameRate{16, 1}));
}

TEST(SpecProto, ValueBeyond32BitsStaysTooLarge) {
  EXPECT_EQ(RequestToProto({.width = (int64_t{1} << 32) + 64}).width(), std::numeric_limits<int32_t>::max());
}

TEST(SpecProto, ResolvedSpecWithGapsIsRefusedWithTheirNames) {
  wan::v1::GenerationSpec message = SpecToProto(TestSpec());
  message.clear_seed();
  message.clear_flow_shift();
  EXPECT_THAT(std::string(SpecFromProto(message).status().message()), HasSubstr("lacks flow_shift, seed"));
  message = SpecToProto(TestSpec());
  message.set_scheduler("heun");
  EXPECT_THAT(std::string(SpecFromProto(message).status().message()), HasSubstr("unknown scheduler \"heun\""));
  message = SpecToProto(TestSpec());
  message.set_codec("vp9");
  EXPECT_EQ(SpecFromProto(message).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SpecProto, OriginsHaveTheirOwnValues) {
  EXPECT_EQ(OriginToProto(ValueOrigin::kRequest), wan::v1::VALUE_ORIGIN_REQUEST);
  EXPECT_EQ(OriginToProto(ValueOrigin::kModel), wan::v1::VALUE_ORIGIN_MODEL);
  EXPECT_EQ(OriginToProto(ValueOrigin::kServer), wan::v1::VALUE_ORIGIN_SERVER);
}

}  // namespace
}  // namespace wan

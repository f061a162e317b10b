#include "common/generation/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "common/generation/model_catalog.h"

namespace wan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kMaxSeed = std::numeric_limits<int64_t>::max();

ModelEntry TestEntry() {
  ModelEntry entry;
  entry.name = "test";
  entry.defaults.negative_prompt = "blurry";
  entry.defaults.width = 832;
  entry.defaults.height = 480;
  entry.defaults.num_frames = 81;
  entry.defaults.num_steps = 50;
  entry.defaults.guidance_scale = 5;
  entry.defaults.flow_shift = 3;
  entry.limits = {.size_multiple = 16,
                  .min_side = 16,
                  .max_side = 1280,
                  .max_pixels = 1280 * 720,
                  .max_frames = 129,
                  .max_steps = 1000,
                  .max_videos = 8,
                  .max_prompt_bytes = 100};
  return entry;
}

absl::StatusOr<ResolvedSpec> Resolve(const GenerationRequest& request) {
  return ResolveSpec(request, TestEntry(), [] { return int64_t{77}; });
}

// Violations by field without "spec."; empty when the request is legal.
std::map<std::string, std::string> Violations(const GenerationRequest& request) {
  std::map<std::string, std::string> violations;
  const absl::Status status = Resolve(request).status();
  if (!status.ok()) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(HasReason(status, kInvalidSpec));
  }
  for (const FieldViolation& violation : GetErrorDetails(status).violations) {
    EXPECT_EQ(violation.field.substr(0, 5), "spec.");
    EXPECT_TRUE(violations.emplace(violation.field.substr(5), violation.description).second) << violation.field;
  }
  return violations;
}

// The one violation of a request with one bad field.
std::string Violation(const GenerationRequest& request, const std::string& field) {
  const auto violations = Violations(request);
  EXPECT_EQ(violations.size(), 1u);
  return violations.count(field) == 0 ? "no violation" : violations.at(field);
}

TEST(ResolveSpec, AbsentFieldsTakeTheModelsDefaults) {
  const auto resolved = Resolve({.model = "test", .prompt = "a cat"});
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  GenerationSpec expected = TestEntry().defaults;
  expected.model = "test";
  expected.prompt = "a cat";
  expected.seed = 77;
  EXPECT_EQ(resolved->spec, expected);
  EXPECT_EQ(resolved->origins.at("width"), ValueOrigin::kModel);
  EXPECT_EQ(resolved->origins.at("seed"), ValueOrigin::kServer);
  EXPECT_EQ(resolved->origins.at("prompt"), ValueOrigin::kRequest);
  EXPECT_EQ(resolved->origins.size(), 14u);
}

TEST(ResolveSpec, ZeroAndEmptyAreValuesAndNotAbsence) {
  const auto resolved = Resolve({.negative_prompt = "", .guidance_scale = 0.0, .seed = 0});
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->spec.negative_prompt, "");
  EXPECT_EQ(resolved->spec.guidance_scale, 0);
  EXPECT_EQ(resolved->spec.seed, 0);
  EXPECT_EQ(resolved->origins.at("negative_prompt"), ValueOrigin::kRequest);
  EXPECT_EQ(resolved->origins.at("guidance_scale"), ValueOrigin::kRequest);
  EXPECT_EQ(resolved->origins.at("seed"), ValueOrigin::kRequest);
}

TEST(ResolveSpec, GuidanceStartsAboveOne) {
  EXPECT_FALSE(Resolve({.guidance_scale = 1.0})->spec.has_guidance());
  EXPECT_TRUE(Resolve({.guidance_scale = 1.0001})->spec.has_guidance());
}

TEST(ResolveSpec, EveryGivenValueIsTaken) {
  const auto resolved = Resolve({.negative_prompt = "x",
                                 .width = 64,
                                 .height = 96,
                                 .num_frames = 17,
                                 .fps = FrameRate{30000, 1001},
                                 .num_steps = 1000,
                                 .guidance_scale = 100,
                                 .flow_shift = 0.5,
                                 .scheduler = "dpm++",
                                 .seed = 6687881544318117707,
                                 .num_videos = 8,
                                 .codec = "ffv1"});
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  const GenerationSpec& spec = resolved->spec;
  EXPECT_EQ(spec.width, 64);
  EXPECT_EQ(spec.height, 96);
  EXPECT_EQ(spec.num_frames, 17);
  EXPECT_EQ(spec.fps, (FrameRate{30000, 1001}));
  EXPECT_EQ(spec.num_steps, 1000);
  EXPECT_EQ(spec.guidance_scale, 100);
  EXPECT_EQ(spec.flow_shift, 0.5);
  EXPECT_EQ(spec.scheduler, NoiseSchedulerKind::kDpm);
  EXPECT_EQ(spec.seed, 6687881544318117707);
  EXPECT_EQ(spec.num_videos, 8);
  EXPECT_EQ(spec.codec, VideoCodec::kFfv1);
}

TEST(ResolveSpec, AllViolationsComeAtOnce) {
  const auto violations = Violations({.prompt = std::string(101, 'x'),
                                      .negative_prompt = "\xFF",
                                      .width = 60,
                                      .height = 0,
                                      .num_frames = 8,
                                      .fps = FrameRate{0, 1},
                                      .num_steps = 0,
                                      .guidance_scale = std::nan(""),
                                      .flow_shift = 0.0,
                                      .scheduler = "heun",
                                      .seed = -2,
                                      .num_videos = 9,
                                      .codec = "vp9"});
  EXPECT_EQ(violations.size(), 13u);
}

TEST(ResolveSpec, SideNamesTheNearestMultiple) {
  EXPECT_EQ(Violation({.width = 60}, "width"), "60 is not a multiple of 16; nearest legal value is 64");
  EXPECT_EQ(Violation({.height = 100}, "height"), "100 is not a multiple of 16; nearest legal value is 96");
  EXPECT_THAT(Violation({.width = 5000}, "width"), HasSubstr("nearest legal value is 1280"));
  EXPECT_THAT(Violation({.width = 1279}, "width"), HasSubstr("nearest legal value is 1280"));
  EXPECT_THAT(Violation({.width = -1}, "width"), HasSubstr("-1 is not within 16 to 1280"));
  EXPECT_THAT(Violation({.width = kMaxSeed}, "width"), HasSubstr("nearest legal value is 1280"));
  EXPECT_THAT(Violation({.width = std::numeric_limits<int64_t>::min()}, "width"),
              HasSubstr("nearest legal value is 16"));
}

TEST(ResolveSpec, TooManyPixelsNamesASizeThatFits) {
  const std::string violation = Violation({.width = 1280, .height = 1280}, "width");
  EXPECT_EQ(violation, "1280 x 1280 is 1638400 pixels, at most 921600 are allowed; nearest legal size is 960 x 960");
}

TEST(ResolveSpec, SuggestedSizesAreLegal) {
  for (int64_t width = 16; width <= 1280; width += 16) {
    for (int64_t height = 16; height <= 1280; height += 16) {
      const auto violations = Violations({.width = width, .height = height});
      if (violations.empty()) continue;
      int64_t fitting_width = 0;
      int64_t fitting_height = 0;
      const std::string& text = violations.at("width");
      ASSERT_EQ(std::sscanf(text.c_str() + text.rfind("is ") + 3, "%ld x %ld", &fitting_width, &fitting_height), 2)
          << text;
      ASSERT_TRUE(Violations({.width = fitting_width, .height = fitting_height}).empty()) << text;
    }
  }
}

TEST(ResolveSpec, FramesAreOneMoreThanAMultipleOfFour) {
  EXPECT_EQ(Violation({.num_frames = 8}, "num_frames"), "8 is not 4n+1; nearest legal value is 9");
  EXPECT_THAT(Violation({.num_frames = 82}, "num_frames"), HasSubstr("nearest legal value is 81"));
  EXPECT_THAT(Violation({.num_frames = 0}, "num_frames"), HasSubstr("nearest legal value is 1"));
  EXPECT_THAT(Violation({.num_frames = 133}, "num_frames"), HasSubstr("nearest legal value is 129"));
  EXPECT_TRUE(Violations({.num_frames = 1}).empty());
  EXPECT_TRUE(Violations({.num_frames = 129}).empty());
}

TEST(ResolveSpec, StepsAreFromOneToTheLimit) {
  EXPECT_EQ(Violation({.num_steps = 0}, "num_steps"), "0 is not within 1 to 1000; nearest legal value is 1");
  EXPECT_THAT(Violation({.num_steps = 1001}, "num_steps"), HasSubstr("nearest legal value is 1000"));
}

TEST(ResolveSpec, GuidanceIsFiniteAndBounded) {
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    EXPECT_THAT(Violation({.guidance_scale = value}, "guidance_scale"), HasSubstr("is not finite: from 0 to 100"));
  }
  EXPECT_EQ(Violation({.guidance_scale = 100.0000001}, "guidance_scale"),
            "100.0000001 is not from 0 to 100; nearest legal value is 100");
  EXPECT_THAT(Violation({.guidance_scale = -0.5}, "guidance_scale"), HasSubstr("nearest legal value is 0"));
}

TEST(ResolveSpec, ShiftIsAboveZero) {
  EXPECT_EQ(Violation({.flow_shift = 0.0}, "flow_shift"), "0 is not above 0 and at most 100");
  EXPECT_THAT(Violation({.flow_shift = HUGE_VAL}, "flow_shift"), HasSubstr("inf is not finite"));
  EXPECT_THAT(Violation({.flow_shift = 101.0}, "flow_shift"), HasSubstr("nearest legal value is 100"));
}

TEST(ResolveSpec, FrameRateIsPositiveAndSane) {
  EXPECT_THAT(Violation({.fps = FrameRate{-16, 1}}, "fps"), HasSubstr("-16 is not positive"));
  EXPECT_THAT(Violation({.fps = FrameRate{16, -1}}, "fps"), HasSubstr("16/-1 is not positive"));
  EXPECT_THAT(Violation({.fps = FrameRate{16, 0}}, "fps"), HasSubstr("16/0 is not positive"));
  EXPECT_THAT(Violation({.fps = FrameRate{241, 1}}, "fps"), HasSubstr("nearest legal value is 240"));
  EXPECT_THAT(Violation({.fps = FrameRate{1, 61}}, "fps"), HasSubstr("nearest legal value is 1/60"));
  EXPECT_THAT(Violation({.fps = FrameRate{32'000'000, 2'000'000}}, "fps"), HasSubstr("the same rate is 16"));
  EXPECT_TRUE(Violations({.fps = FrameRate{240000, 1001}}).empty());
  EXPECT_TRUE(Violations({.fps = FrameRate{240, 1}}).empty());
}

TEST(ResolveSpec, PromptIsCountedInBytesAndNeverQuoted) {
  std::string prompt;
  for (int i = 0; i < 34; ++i) prompt += "猫";
  const std::string violation = Violation({.prompt = prompt}, "prompt");
  EXPECT_EQ(violation, "has 102 bytes of UTF-8, at most 100 are allowed");
  EXPECT_TRUE(Violations({.prompt = prompt.substr(0, 99)}).empty());
  EXPECT_TRUE(Violations({.prompt = ""}).empty());
}

TEST(ResolveSpec, BadUtf8IsNamedByItsOffset) {
  EXPECT_EQ(Violation({.prompt = "secret \xC3("}, "prompt"), "is not valid UTF-8: the first bad byte is at offset 7");
  EXPECT_EQ(Violation({.prompt = "a", .negative_prompt = "\xED\xA0\x80"}, "negative_prompt"),
            "is not valid UTF-8: the first bad byte is at offset 0");
}

TEST(ResolveSpec, UnknownNamesListWhatIsAllowedAndTheNearest) {
  EXPECT_EQ(Violation({.scheduler = "UniPC"}, "scheduler"),
            "\"UniPC\" is unknown; allowed: unipc, euler, dpm++; nearest legal value is unipc");
  EXPECT_EQ(Violation({.codec = "vp9"}, "codec"), "\"vp9\" is unknown; allowed: h264, ffv1");
  EXPECT_LT(Violation({.codec = std::string(300'000, 'x')}, "codec").size(), 200u);
}

TEST(ResolveSpec, SeedsReachFromZeroToTwoToThe63MinusOne) {
  EXPECT_TRUE(Violations({.seed = 0}).empty());
  EXPECT_TRUE(Violations({.seed = kMaxSeed}).empty());
  EXPECT_EQ(Resolve({.seed = kMaxSeed})->spec.seed, kMaxSeed);
  EXPECT_THAT(Violation({.seed = -2}, "seed"), HasSubstr("-2 is not within 0 to 9223372036854775807"));
}

TEST(ResolveSpec, LastVideosSeedMustExist) {
  EXPECT_TRUE(Violations({.seed = kMaxSeed - 3, .num_videos = 4}).empty());
  EXPECT_THAT(Violation({.seed = kMaxSeed - 2, .num_videos = 4}, "seed"),
              HasSubstr("nearest legal value is 9223372036854775804"));
}

TEST(ResolveSpec, VideosAreFromOneToTheLimit) {
  EXPECT_THAT(Violation({.seed = kMaxSeed, .num_videos = 0}, "num_videos"), HasSubstr("nearest legal value is 1"));
  EXPECT_THAT(Violation({.seed = kMaxSeed, .num_videos = kMaxSeed}, "num_videos"),
              HasSubstr("nearest legal value is 8"));
}

TEST(RandomSeed, IsBelowTwoToThe32AndVaries) {
  const int64_t first = RandomSeed();
  bool varies = false;
  for (int i = 0; i < 100; ++i) {
    const int64_t seed = RandomSeed();
    EXPECT_GE(seed, 0);
    EXPECT_LT(seed, int64_t{1} << 32);
    varies |= seed != first;
  }
  EXPECT_TRUE(varies);
}

TEST(FrameRate, IsKeptAsGiven) {
  EXPECT_EQ(*ParseFrameRate("16"), (FrameRate{16, 1}));
  EXPECT_EQ(*ParseFrameRate("30000/1001"), (FrameRate{30000, 1001}));
  EXPECT_EQ(*ParseFrameRate("32/2"), (FrameRate{32, 2}));
  for (const char* text : {"16", "30000/1001", "32/2"}) EXPECT_EQ(FormatFrameRate(*ParseFrameRate(text)), text);
}

TEST(FrameRate, RefusesOtherForms) {
  for (const char* text :
       {"", "29.97", "16/", "/1", "16/0", "0", "-16", "+16", " 16", "16/1/1", "0x10", "1e3", "4294967297"}) {
    EXPECT_EQ(ParseFrameRate(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(Names, ReadBackAsTheSameKind) {
  EXPECT_THAT(NoiseSchedulerNames(), ElementsAre("unipc", "euler", "dpm++"));
  for (const std::string& name : NoiseSchedulerNames()) EXPECT_EQ(NoiseSchedulerName(*ParseNoiseScheduler(name)), name);
  EXPECT_THAT(VideoCodecNames(), ElementsAre("h264", "ffv1"));
  for (const std::string& name : VideoCodecNames()) EXPECT_EQ(VideoCodecName(*ParseVideoCodec(name)), name);
  EXPECT_EQ(ParseNoiseScheduler("UNIPC"), std::nullopt);
  EXPECT_EQ(ParseVideoCodec(""), std::nullopt);
  EXPECT_EQ(VideoContainerName(VideoCodec::kH264), "mp4");
  EXPECT_EQ(VideoContainerName(VideoCodec::kFfv1), "mkv");
}

}  // namespace
}  // namespace wan

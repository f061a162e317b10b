#include "client/wanctl/generation_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "common/generation/spec_proto.h"

namespace wan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

FlagText Flag(const std::string& source, const std::string& text) { return {source, text}; }

GenerationFlags WithPrompt() {
  GenerationFlags flags;
  flags.prompt = Flag("--prompt", "x");
  return flags;
}

// "FIELD: DESCRIPTION" of the only violation.
std::string Refusal(const GenerationFlags& flags) {
  const auto request = ParseGenerationFlags(flags);
  const auto violations = GetErrorDetails(request.status()).violations;
  if (request.status().code() != absl::StatusCode::kInvalidArgument || violations.size() != 1) return "none or several";
  return violations[0].field + ": " + violations[0].description;
}

TEST(GenerationFlags, AbsentStaysAbsentAndZeroIsAValue) {
  GenerationFlags flags = WithPrompt();
  flags.guidance = Flag("--guidance", "0");
  flags.negative = Flag("--negative", "");
  const auto request = ParseGenerationFlags(flags);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->guidance_scale, 0.0);
  EXPECT_EQ(request->negative_prompt, "");
  EXPECT_FALSE(request->seed.has_value());
  EXPECT_FALSE(request->width.has_value());
  EXPECT_FALSE(RequestToProto(*request).has_flow_shift());
}

TEST(GenerationFlags, SeedsOf19DigitsArriveUnchanged) {
  for (const char* seed : {"0", "6687881544318117707", "4294967297", "9223372036854775807"}) {
    GenerationFlags flags = WithPrompt();
    flags.seed = Flag("--seed", seed);
    const auto request = ParseGenerationFlags(flags);
    ASSERT_TRUE(request.ok()) << seed;
    EXPECT_EQ(std::to_string(RequestToProto(*request).seed()), seed);
  }
}

TEST(GenerationFlags, SeedsThatAreNoWholeNumberInRangeAreRefused) {
  for (const char* seed :
       {"1.5", "-2", "99999999999999999999", "9223372036854775808", "1e3", "0x10", " 5", "+5", "", "five", "1,000"}) {
    GenerationFlags flags = WithPrompt();
    flags.seed = Flag("--seed", seed);
    EXPECT_THAT(Refusal(flags), HasSubstr("is not a whole number from 0 to 9223372036854775807")) << seed;
    EXPECT_THAT(Refusal(flags), HasSubstr(std::string("--seed: \"") + seed + "\"")) << seed;
  }
}

TEST(GenerationFlags, CountsThatTheMessageCannotCarryAreRefused) {
  GenerationFlags flags = WithPrompt();
  flags.width = Flag("--width", "4294967360");  // 64 in 32 bits
  EXPECT_THAT(Refusal(flags), HasSubstr("--width: \"4294967360\""));
}

TEST(GenerationFlags, FrameRateIsAnExactFraction) {
  GenerationFlags flags = WithPrompt();
  flags.fps = Flag("--fps", "30000/1001");
  EXPECT_EQ(*ParseGenerationFlags(flags)->fps, (FrameRate{30000, 1001}));
  flags.fps = Flag("--fps", "16");
  EXPECT_EQ(*ParseGenerationFlags(flags)->fps, (FrameRate{16, 1}));
  for (const char* rate : {"29.97", "0", "-16", "30/0", "30/", "/1", "fast"}) {
    flags.fps = Flag("--fps", rate);
    EXPECT_THAT(Refusal(flags), HasSubstr("30000/1001")) << rate;
  }
}

TEST(GenerationFlags, NotANumberIsLeftToTheServerAndWordsAreNot) {
  GenerationFlags flags = WithPrompt();
  flags.guidance = Flag("--guidance", "nan");
  EXPECT_TRUE(std::isnan(*ParseGenerationFlags(flags)->guidance_scale));
  for (const char* number : {"", "much", "5 ", "1,5"}) {
    flags.guidance = Flag("--guidance", number);
    EXPECT_THAT(Refusal(flags), HasSubstr("is not a number")) << number;
  }
}

TEST(GenerationFlags, TextsThatAreNotUtf8AreRefusedWithTheByte) {
  for (const char* text : {"abc\xff", "abc\xc0\xaf", "abc\xed\xa0\x80", "abc\xf4\x90\x80\x80", "abc\xe2\x82"}) {
    GenerationFlags flags = WithPrompt();
    flags.negative = Flag("--negative", text);
    EXPECT_EQ(Refusal(flags), "--negative: not UTF-8 from byte 3 on");
  }
}

TEST(GenerationFlags, AllFaultsAreReportedAtOnceWithTheirSources) {
  GenerationFlags flags;
  flags.prompt = Flag("--prompt", "\xff");
  flags.width = Flag("--width", "wide");
  flags.steps = Flag("WANCTL_STEPS", "many");
  std::vector<std::string> fields;
  for (const auto& violation : GetErrorDetails(ParseGenerationFlags(flags).status()).violations) {
    fields.push_back(violation.field);
  }
  EXPECT_THAT(fields, ElementsAre("--prompt", "--width", "WANCTL_STEPS"));
}

TEST(GenerationFlags, PromptIsNeeded) { EXPECT_THAT(Refusal(GenerationFlags()), HasSubstr("--prompt: is needed")); }

TEST(GenerationFlags, EveryFieldOfTheSpecHasItsFlag) {
  std::set<std::string> fields;
  for (const GenerationFlag& flag : AllGenerationFlags()) fields.insert(flag.spec_field);
  const auto* descriptor = v1::GenerationSpec::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    EXPECT_EQ(fields.count(descriptor->field(i)->name()), 1u) << descriptor->field(i)->name();
  }
  EXPECT_EQ(FlagOfField("spec.num_frames"), "--frames");
  EXPECT_EQ(FlagOfField("spec.fps.denominator"), "--fps");
  EXPECT_EQ(FlagOfField("job_id"), "job_id");
}

}  // namespace
}  // namespace wan

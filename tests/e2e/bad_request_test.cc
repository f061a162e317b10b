// A bad request is refused with all that is wrong in it, and leaves nothing behind.
#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/rpc/grpc_status.h"
#include "tests/e2e/video_maker.h"
#include "wan/v1/video_generation.grpc.pb.h"

namespace wan {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string Repeat(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

class BadRequestTest : public testing::Test {
 protected:
  BadRequestTest() : house_({}) {
    house_.Start();
    videos_ = v1::VideoGeneration::NewStub(house_.Channel());
  }

  House::Result Wanctl(const std::vector<std::string>& more) {
    std::vector<std::string> command = {"generate", "--model", "wan-shapes", "--prompt", "a red ball"};
    command.insert(command.end(), more.begin(), more.end());
    return house_.Wanctl(command);
  }
  grpc::Status Submit(const v1::GenerationSpec& spec) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    v1::SubmitJobRequest request;
    *request.mutable_spec() = spec;
    v1::Job job;
    return videos_->SubmitJob(&context, request, &job);
  }
  void ExpectNothingStored() {
    const House::Result list = house_.Wanctl({"list", "-o", "json"});
    EXPECT_EQ(nlohmann::json::parse(list.out).at("jobs").size(), 0u) << list.out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(house_.ResultsFolder())) {
      EXPECT_FALSE(entry.is_regular_file() && entry.file_size() > 0) << entry.path();
    }
  }

  House house_;
  std::unique_ptr<v1::VideoGeneration::Stub> videos_;
};

TEST_F(BadRequestTest, WanctlTellsAllFaultsAtOnceWithTheNearestLegalValue) {
  const House::Result result = Wanctl({"--width", "60", "--height", "50", "--frames", "8", "--steps", "0", "--guidance",
                                       "nan", "--scheduler", "unipcc", "--codec", "h265", "--shift", "-1"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("--width: 60 is not a multiple of 16; nearest legal value is 64\n"));
  EXPECT_THAT(result.err, HasSubstr("--height: 50 is not a multiple of 16; nearest legal value is 48\n"));
  EXPECT_THAT(result.err, HasSubstr("--frames: 8 is not 4n+1; nearest legal value is 9\n"));
  EXPECT_THAT(result.err, HasSubstr("--steps: 0 is not within 1 to 1000; nearest legal value is 1\n"));
  EXPECT_THAT(result.err, HasSubstr("--guidance: nan "));
  EXPECT_THAT(result.err, HasSubstr("--shift: -1 "));
  EXPECT_THAT(result.err, AllOf(HasSubstr("--scheduler: \"unipcc\""), HasSubstr("nearest legal value is unipc\n")));
  EXPECT_THAT(result.err, AllOf(HasSubstr("--codec: \"h265\""), HasSubstr("nearest legal value is h264\n")));
  ExpectNothingStored();
}

TEST_F(BadRequestTest, StepsSidesAndVideosBeyondTheModelsLimitsAreRefused) {
  const House::Result steps = Wanctl({"--steps", "1001", "--width", "144", "--videos", "9", "--frames", "85"});
  EXPECT_EQ(steps.exit_code, 2);
  EXPECT_THAT(steps.err, HasSubstr("--steps: 1001 is not within 1 to 1000; nearest legal value is 1000\n"));
  EXPECT_THAT(steps.err, AllOf(HasSubstr("--width: 144 "), HasSubstr("nearest legal value is 128\n")));
  EXPECT_THAT(steps.err, AllOf(HasSubstr("--videos: 9 "), HasSubstr("nearest legal value is 8\n")));
  EXPECT_THAT(steps.err, AllOf(HasSubstr("--frames: 85 "), HasSubstr("nearest legal value is 81\n")));
  ExpectNothingStored();
}

TEST_F(BadRequestTest, AnUnknownModelIsNotFoundAndTheNearestIsNamed) {
  const House::Result result = house_.Wanctl({"generate", "--model", "wan-shape", "--prompt", "x"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("nearest is wan-shapes"));
  ExpectNothingStored();
}

TEST_F(BadRequestTest, SeedsThatTheProtocolCannotCarryAreRefusedByWanctl) {
  for (const char* seed : {"1.5", "-2", "99999999999999999999", "9223372036854775808", "", "1e3"}) {
    const House::Result result = Wanctl({"--seed", seed});
    EXPECT_EQ(result.exit_code, 2) << seed;
    EXPECT_THAT(result.err, HasSubstr("--seed: ")) << seed;
  }
  ExpectNothingStored();
}

TEST_F(BadRequestTest, AClientThatChecksNothingGetsOneViolationForEachField) {
  v1::GenerationSpec spec;
  spec.set_model("wan-shapes");
  spec.set_prompt("a red ball");
  spec.set_width(60);
  spec.set_height(-1);
  spec.set_num_frames(8);
  spec.set_num_steps(0);
  spec.set_guidance_scale(std::numeric_limits<double>::quiet_NaN());
  spec.set_flow_shift(std::numeric_limits<double>::infinity());
  spec.set_seed(-2);
  spec.set_num_videos(0);
  spec.mutable_fps()->set_numerator(-16);
  spec.set_scheduler("ddim");
  spec.set_codec("gif");
  const grpc::Status status = Submit(spec);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();

  // As a client reads it that has only the public messages.
  google::rpc::Status rich;
  ASSERT_TRUE(rich.ParseFromString(status.error_details()));
  EXPECT_EQ(rich.code(), static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  google::rpc::BadRequest bad;
  google::rpc::ErrorInfo info;
  for (const auto& detail : rich.details()) {
    detail.UnpackTo(&bad);
    detail.UnpackTo(&info);
  }
  EXPECT_EQ(info.reason(), kInvalidSpec);
  EXPECT_EQ(info.domain(), "wan");
  std::map<std::string, std::string> violations;
  for (const auto& violation : bad.field_violations()) violations[violation.field()] = violation.description();
  EXPECT_EQ(violations.size(), 11u);
  for (const char* field : {"width", "height", "num_frames", "num_steps", "guidance_scale", "flow_shift", "seed",
                            "num_videos", "fps", "scheduler", "codec"}) {
    EXPECT_EQ(violations.count(std::string("spec.") + field), 1u) << field;
  }
  EXPECT_THAT(violations["spec.seed"], HasSubstr("nearest legal value is 0"));
  ExpectNothingStored();
}

TEST_F(BadRequestTest, HugePromptsArriveAsInvalidArgumentAtGrpcsDefaultLimits) {
  v1::GenerationSpec spec;
  spec.set_model("wan-shapes");
  spec.set_prompt(Repeat("\u732b", 300000));
  spec.set_negative_prompt(Repeat("\u72ac", 300000));
  spec.set_scheduler(Repeat("\u732b", 100000));
  spec.set_codec(Repeat("\u732b", 100000));
  const grpc::Status status = Submit(spec);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  const ErrorDetails details = GetErrorDetails(FromGrpcStatus(status));
  EXPECT_EQ(details.reason, kInvalidSpec);
  ASSERT_GE(details.violations.size(), 2u);
  EXPECT_EQ(details.violations[0].field, "spec.prompt");
  EXPECT_THAT(details.violations[0].description, HasSubstr("900000 bytes"));
  EXPECT_EQ(details.violations[1].field, "spec.negative_prompt");
  EXPECT_LT(status.error_details().size() + status.error_message().size(), 6000u);
  ExpectNothingStored();
}

TEST_F(BadRequestTest, WanctlTellsThatPromptsAreTooLong) {
  // As long as the system lets an argument be.
  const House::Result result = house_.Wanctl({"generate", "--model", "wan-shapes", "--prompt", Repeat("\u732b", 40000),
                                              "--negative", Repeat("\u72ac", 40000)});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("--prompt: has 120000 bytes of UTF-8, at most 2048 are allowed"));
  EXPECT_THAT(result.err, HasSubstr("--negative: has 120000 bytes"));
  EXPECT_LT(result.err.size(), 1000u);
  ExpectNothingStored();
}

TEST_F(BadRequestTest, WanctlRefusesAPromptThatIsNotUtf8) {
  const House::Result result = house_.Wanctl({"generate", "--model", "wan-shapes", "--prompt", "caf\xe9"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("--prompt: "), HasSubstr("UTF-8")));
  ExpectNothingStored();
}

TEST_F(BadRequestTest, JobsThatAreNotThereAreNotFound) {
  for (const char* command : {"get", "watch", "cancel", "download"}) {
    const House::Result result = house_.Wanctl({command, "01JD8W3Q7Z6T5M4N3P2R1S0V9X"});
    EXPECT_EQ(result.exit_code, 3) << command;
    EXPECT_THAT(result.err, HasSubstr("JOB_NOT_FOUND")) << command;
  }
}

TEST_F(BadRequestTest, WithoutAServerWanctlEndsWithItsOwnCode) {
  house_.server().Stop();
  const House::Result result = house_.Wanctl({"list", "--retry-seconds", "0"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.err, HasSubstr(house_.Address()));
}

}  // namespace
}  // namespace wan

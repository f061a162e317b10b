#include "client/wanctl/json_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/rpc/grpc_status.h"
#include "tests/client/fake_server.h"

namespace wan {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(JsonOutput, WritesSeedsAsStrings) {
  v1::Job job = MakeJob("job-1", v1::JOB_STATE_SUCCEEDED);
  job.mutable_spec()->set_seed(6687881544318117707);
  job.add_videos()->set_seed(6687881544318117707);
  const json parsed = json::parse(*ToJson(job, JsonLayout::kIndented));
  EXPECT_EQ(parsed["spec"]["seed"], "6687881544318117707");
  EXPECT_EQ(parsed["videos"][0]["seed"], "6687881544318117707");
  EXPECT_EQ(json::parse(*ToJson(job, {{0, "clip.mp4"}}))["videos"][0]["seed"], "6687881544318117707");
}

TEST(JsonOutput, ShowsResolvedValuesWithTheirOrigins) {
  v1::Job job = MakeJob("job-1", v1::JOB_STATE_QUEUED);
  job.mutable_spec()->set_guidance_scale(0);
  (*job.mutable_spec_origins())["guidance_scale"] = v1::VALUE_ORIGIN_REQUEST;
  (*job.mutable_spec_origins())["flow_shift"] = v1::VALUE_ORIGIN_MODEL;
  const json parsed = json::parse(*ToJson(job, JsonLayout::kOneLine));
  EXPECT_EQ(parsed["spec"]["guidance_scale"], 0);
  EXPECT_EQ(parsed["spec"]["negative_prompt"], "");
  EXPECT_EQ(parsed["spec_origins"]["guidance_scale"], "VALUE_ORIGIN_REQUEST");
  EXPECT_EQ(parsed["spec_origins"]["flow_shift"], "VALUE_ORIGIN_MODEL");
}

// Scripts depend on these: a change here is a change of the interface.
TEST(JsonOutput, KeysOfAJobAreThoseOfTheProtoAndAlwaysThere) {
  const json parsed = json::parse(*ToJson(MakeJob("job-1", v1::JOB_STATE_QUEUED), JsonLayout::kIndented));
  for (const char* key : {"job_id", "state", "spec", "spec_origins", "create_time", "queue_position", "attempt",
                          "max_attempts", "cancel_requested", "ring", "videos", "request_id"}) {
    EXPECT_TRUE(parsed.contains(key)) << key;
  }
  for (const char* key : {"model", "prompt", "negative_prompt", "width", "height", "num_frames", "fps", "num_steps",
                          "guidance_scale", "flow_shift", "scheduler", "seed", "num_videos", "codec"}) {
    EXPECT_TRUE(parsed["spec"].contains(key)) << key;
  }
  EXPECT_EQ(parsed["state"], "JOB_STATE_QUEUED");
  EXPECT_EQ(parsed["spec"]["fps"], json({{"numerator", 16}, {"denominator", 1}}));
  EXPECT_EQ(parsed["create_time"], "2023-11-14T22:13:20Z");
}

TEST(JsonOutput, EventIsOneLine) {
  const std::string line = *ToJson(MakeEvent(4, MakeJob("job-1", v1::JOB_STATE_QUEUED)), JsonLayout::kOneLine);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(json::parse(line)["sequence"], "4");
}

TEST(JsonOutput, PathsJoinTheirVideos) {
  v1::Job job = MakeJob("job-1", v1::JOB_STATE_SUCCEEDED);
  for (const int index : {0, 1, 2}) job.add_videos()->set_index(index);
  const json parsed = json::parse(*ToJson(job, {{0, "a-0.mp4"}, {2, "a-2.mp4"}}));
  EXPECT_EQ(parsed["videos"][0]["path"], "a-0.mp4");
  EXPECT_FALSE(parsed["videos"][1].contains("path"));
  EXPECT_EQ(parsed["videos"][2]["path"], "a-2.mp4");
}

TEST(JsonOutput, ErrorDetailsAreReadableAndUnknownOnesLeftOut) {
  v1::Job job = MakeJob("job-1", v1::JOB_STATE_FAILED);
  *job.mutable_error() = ToRpcStatus(MakeError(absl::StatusCode::kDataLoss, kNonFinite, "not finite", {{"step", "3"}}));
  const json known = json::parse(*ToJson(job, JsonLayout::kIndented));
  EXPECT_EQ(known["error"]["details"][0]["reason"], "NON_FINITE");
  EXPECT_EQ(known["error"]["details"][0]["metadata"]["step"], "3");
  job.mutable_error()->add_details()->set_type_url("type.googleapis.com/not.known.Here");
  v1::JobEvent event = MakeEvent(1, job);
  EXPECT_THAT(*ToJson(event, JsonLayout::kOneLine), HasSubstr("not finite"));
}

TEST(JsonOutput, TimeWithoutAJsonFormIsAnErrorAndNoCrash) {
  v1::Job job = MakeJob("job-1", v1::JOB_STATE_QUEUED);
  job.mutable_create_time()->set_seconds(int64_t{1} << 60);
  EXPECT_EQ(ToJson(job, JsonLayout::kIndented).status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace wan

#include "server/api/video_generation_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "google/rpc/error_details.pb.h"
#include "tests/testing/test_server.h"

namespace wan {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

constexpr char kUuid[] = "0F8FAD5B-d9cb-469f-a165-70867728950e";

std::vector<std::string> Fields(const absl::Status& status) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : GetErrorDetails(status).violations) fields.push_back(violation.field);
  return fields;
}

TEST(SubmitJob, ReturnsTheQueuedJobWithEveryValueAndItsOrigin) {
  TestServer server({});
  v1::GenerationSpec spec;
  spec.set_model("wan-shapes");
  spec.set_prompt("a red ball");
  spec.set_guidance_scale(0);  // given, not absent
  const auto job = server.Submit(spec);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(job->queue_position(), 1);
  EXPECT_EQ(job->spec().guidance_scale(), 0);
  EXPECT_EQ(job->spec().width(), 64);
  EXPECT_TRUE(job->spec().has_seed());
  EXPECT_EQ(job->spec_origins().at("guidance_scale"), v1::VALUE_ORIGIN_REQUEST);
  EXPECT_EQ(job->spec_origins().at("width"), v1::VALUE_ORIGIN_MODEL);
  EXPECT_EQ(job->spec_origins().at("seed"), v1::VALUE_ORIGIN_SERVER);
  EXPECT_GT(job->create_time().seconds(), 1'700'000'000);
}

TEST(SubmitJob, ListsAllViolationsAtOnceWithTheNearestLegalValue) {
  TestServer server({});
  v1::GenerationSpec spec = SmallSpec();
  spec.set_width(33);
  spec.set_height(-1);
  spec.set_num_frames(8);
  spec.set_num_steps(0);
  spec.set_guidance_scale(std::nan(""));
  spec.set_scheduler("unipcc");
  spec.set_codec("h265");
  spec.set_seed(-2);
  spec.set_num_videos(0);
  const absl::Status status = server.Submit(spec, "not-a-uuid").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_TRUE(HasReason(status, kInvalidSpec));
  EXPECT_THAT(Fields(status),
              IsSupersetOf({"spec.width", "spec.height", "spec.num_frames", "spec.num_steps", "spec.guidance_scale",
                            "spec.scheduler", "spec.codec", "spec.seed", "spec.num_videos", "request_id"}));
  EXPECT_THAT(std::string(status.message()), HasSubstr("unipc"));
}

TEST(SubmitJob, AnUnknownModelIsNotFoundWithTheModels) {
  TestServer server({});
  v1::GenerationSpec spec = SmallSpec();
  spec.set_model("wan-shape");
  const absl::Status status = server.Submit(spec).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_TRUE(HasReason(status, kModelNotServed));
  EXPECT_THAT(Fields(status), ElementsAre("spec.model"));
  EXPECT_THAT(GetErrorDetails(status).violations[0].description, HasSubstr("nearest is wan-shapes"));
}

TEST(SubmitJob, ACodecThatNoRingOfTheModelHasIsRefusedWithTheList) {
  FakeRing ring("wan-shapes", {"ffv1"});
  TestServer server({ring.address()});
  ASSERT_TRUE(server.AwaitRing(0, v1::RING_STATE_READY));
  const absl::Status status = server.Submit(SmallSpec()).status();  // h264 by default
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_TRUE(HasReason(status, kCodecUnavailable));
  EXPECT_THAT(Fields(status), ElementsAre("spec.codec"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("they have ffv1"));
}

TEST(SubmitJob, TextThatIsNotUtf8IsInvalidArgumentWithTheField) {
  TestServer server({});
  const std::string spec = std::string("\x0a\x0awan-shapes\x12\x03") + "a\xff" + "b";
  const absl::Status status = server.CallRaw("SubmitJob", std::string{'\x0a', static_cast<char>(spec.size())} + spec);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(Fields(status), ElementsAre("spec.prompt"));
  EXPECT_TRUE(absl::IsInvalidArgument(server.CallRaw("GetJob", "\x0a\x01\xff")));
  EXPECT_TRUE(absl::IsInvalidArgument(server.CallRaw("ListJobs", "\x12\x01\xff")));
  EXPECT_TRUE(absl::IsInvalidArgument(server.CallRaw("CancelJob", "no message")));
}

TEST(SubmitJob, AHugeRequestWithManyFaultsKeepsItsCodeAndReason) {
  TestServer server({});
  v1::GenerationSpec spec = SmallSpec();
  std::string prompt;
  for (int i = 0; i < 300'000; ++i) prompt += "球";
  spec.set_prompt(prompt);
  spec.set_negative_prompt(prompt);
  spec.set_width(1'000'000);
  spec.set_scheduler(std::string(100'000, 's'));
  const absl::Status status = server.Submit(spec).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_TRUE(HasReason(status, kInvalidSpec));
  EXPECT_THAT(Fields(status), Contains("spec.prompt"));
}

TEST(SubmitJob, ARepeatedRequestIdGivesTheFirstJob) {
  TestServer server({});
  v1::GenerationSpec spec = SmallSpec();
  spec.clear_seed();  // chosen by the server: the second call must not choose again
  const auto first = server.Submit(spec, kUuid);
  const auto again = server.Submit(spec, "0f8fad5b-d9cb-469f-a165-70867728950e");
  ASSERT_TRUE(first.ok() && again.ok()) << first.status() << again.status();
  EXPECT_EQ(again->job_id(), first->job_id());
  EXPECT_EQ(again->spec().seed(), first->spec().seed());
  spec.set_prompt("another");
  const absl::Status reused = server.Submit(spec, kUuid).status();
  EXPECT_TRUE(absl::IsAlreadyExists(reused)) << reused;
  EXPECT_TRUE(HasReason(reused, kRequestIdReused));
}

TEST(SubmitJob, AFullQueueSaysWhenToTryAgain) {
  TestServer server({}, [](ServerConfig& config) { config.limits.max_queued_jobs = 1; });
  ASSERT_TRUE(server.Submit(SmallSpec()).ok());
  grpc::ClientContext context;
  v1::SubmitJobRequest request;
  *request.mutable_spec() = SmallSpec();
  v1::Job job;
  const grpc::Status status = server.videos().SubmitJob(&context, request, &job);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  google::rpc::Status details;  // as any client reads it
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::ErrorInfo info;
  google::rpc::RetryInfo retry;
  bool has_info = false;
  bool has_retry = false;
  for (const auto& detail : details.details()) {
    has_info = has_info || detail.UnpackTo(&info);
    has_retry = has_retry || detail.UnpackTo(&retry);
  }
  ASSERT_TRUE(has_info && has_retry) << details.DebugString();
  EXPECT_EQ(info.reason(), kQueueFull);
  EXPECT_EQ(info.domain(), "wan");
  EXPECT_GT(retry.retry_delay().seconds(), 0);
}

TEST(GetJob, AnUnknownJobIsNotFound) {
  TestServer server({});
  for (const char* id : {"", "../../etc/passwd", "01ARZ3NDEKTSV4RRFFQ69G5FAV"}) {
    const absl::Status status = server.Get(id).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_TRUE(HasReason(status, kJobNotFound));
  }
}

TEST(GetJob, QueuePositionsCountFromOneAndMoveUp) {
  TestServer server({});
  const auto first = server.Submit(SmallSpec());
  const auto second = server.Submit(SmallSpec());
  EXPECT_EQ(server.Get(second->job_id())->queue_position(), 2);
  ASSERT_TRUE(server.Cancel(first->job_id()).ok());
  EXPECT_EQ(server.Get(second->job_id())->queue_position(), 1);
  EXPECT_EQ(server.Get(first->job_id())->queue_position(), 0);
}

TEST(ListJobs, PagesThroughAllNewestFirst) {
  TestServer server({});
  std::vector<std::string> submitted;
  for (int i = 0; i < 5; ++i) submitted.insert(submitted.begin(), server.Submit(SmallSpec())->job_id());
  std::vector<std::string> listed;
  v1::ListJobsRequest request;
  request.set_page_size(2);
  int pages = 0;
  do {
    grpc::ClientContext context;
    v1::ListJobsResponse response;
    ASSERT_TRUE(server.videos().ListJobs(&context, request, &response).ok());
    for (const v1::Job& job : response.jobs()) listed.push_back(job.job_id());
    request.set_page_token(response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, submitted);
  EXPECT_EQ(pages, 3);
}

TEST(ListJobs, AllJobsArriveThoughOnePageOfThemWouldBeTooLargeForAMessage) {
  TestServer server({}, [](ServerConfig& config) { config.limits.max_queued_jobs = 10'000; });
  v1::GenerationSpec spec = SmallSpec();
  spec.set_model("t2v-1.3b");
  spec.set_prompt(std::string(8192, 'p'));
  spec.set_negative_prompt(std::string(8192, 'n'));
  constexpr int kJobs = 300;  // 4.9 MB
  for (int i = 0; i < kJobs; ++i) ASSERT_TRUE(server.Submit(spec).ok());
  v1::ListJobsRequest request;
  request.set_page_size(1000);
  int count = 0;
  do {
    grpc::ClientContext context;
    v1::ListJobsResponse response;
    const grpc::Status status = server.videos().ListJobs(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    count += response.jobs_size();
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(count, kJobs);
}

TEST(ListJobs, FiltersByStateAndNamesBadFields) {
  TestServer server({});
  const auto cancelled = server.Submit(SmallSpec());
  ASSERT_TRUE(server.Submit(SmallSpec()).ok());
  ASSERT_TRUE(server.Cancel(cancelled->job_id()).ok());
  v1::ListJobsRequest request;
  request.add_states(v1::JOB_STATE_CANCELLED);
  grpc::ClientContext context;
  v1::ListJobsResponse response;
  ASSERT_TRUE(server.videos().ListJobs(&context, request, &response).ok());
  ASSERT_EQ(response.jobs_size(), 1);
  EXPECT_EQ(response.jobs(0).job_id(), cancelled->job_id());
  // page_size -1, states [99]
  const absl::Status status =
      server.CallRaw("ListJobs", std::string("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x18\x63", 13));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(Fields(status), ElementsAre("page_size", "states[0]"));
}

TEST(ListModels, GivesDefaultsLimitsAndWhatTheRingsCanWrite) {
  FakeRing ring("wan-shapes", {"ffv1", "h264"});
  TestServer server({ring.address()});
  ASSERT_TRUE(server.AwaitRing(0, v1::RING_STATE_READY));
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  ASSERT_TRUE(server.videos().ListModels(&context, {}, &response).ok());
  const v1::Model* shapes = nullptr;
  const v1::Model* large = nullptr;
  for (const v1::Model& model : response.models()) {
    if (model.name() == "wan-shapes") shapes = &model;
    if (model.name() == "t2v-14b") large = &model;
  }
  ASSERT_TRUE(shapes != nullptr && large != nullptr);
  EXPECT_EQ(shapes->ready_rings(), 1);
  EXPECT_THAT(shapes->codecs(), ElementsAre("ffv1", "h264"));
  EXPECT_EQ(shapes->defaults().model(), "wan-shapes");
  EXPECT_EQ(shapes->defaults().num_frames(), 17);
  EXPECT_FALSE(shapes->defaults().has_seed());
  EXPECT_EQ(shapes->limits().max_side(), 128);
  EXPECT_THAT(shapes->tasks(), ElementsAre("t2v"));
  EXPECT_EQ(large->ready_rings(), 0);
  EXPECT_EQ(large->codecs_size(), 0);
}

}  // namespace
}  // namespace wan

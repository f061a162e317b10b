// What operators' tools ask: gRPC health and reflection, metrics, readiness.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/log.h"
#include "tests/e2e/video_maker.h"

namespace wan {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A field of a protobuf message with a length, in wire form; at most 127 bytes.
std::string Field(int number, const std::string& value) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(value.size())} + value;
}

struct Reply {
  grpc::Status status;
  std::string bytes;
};

// One message there, one back, of any method: these services' messages are not among this project's.
Reply Call(const House& house, const std::string& method, const std::string& bytes) {
  grpc::GenericStub stub(house.Channel());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    WAN_CHECK(queue.Next(&tag, &ok));
    return ok;
  };
  Reply reply;
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  done();
  const grpc::Slice slice(bytes);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
  done();
  grpc::ByteBuffer buffer;
  call->Read(&buffer, nullptr);
  std::vector<grpc::Slice> slices;
  if (done() && buffer.Dump(&slices).ok()) {
    for (const grpc::Slice& part : slices) reply.bytes.append(part.begin(), part.end());
  }
  call->Finish(&reply.status, nullptr);
  done();
  return reply;
}

// The families of a metrics page, each line of which has to be of the text format.
std::map<std::string, std::string> Families(const std::string& answer) {
  static const std::regex kSample(
      R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-z_]+="[^"\\]*",?)*\})? ([-+]?[0-9.]+(e[-+]?[0-9]+)?|\+Inf|NaN))re");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  std::map<std::string, std::string> families;
  const size_t body = answer.find("\r\n\r\n");
  EXPECT_NE(body, std::string::npos);
  if (body == std::string::npos) return families;
  std::string family;
  const std::vector<std::string> lines = absl::StrSplit(answer.substr(body + 4), '\n', absl::SkipEmpty());
  for (const std::string& line : lines) {
    if (absl::StartsWith(line, "# TYPE ")) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      EXPECT_EQ(words.size(), 4u) << line;
      EXPECT_TRUE(families.emplace(words[2], words[3]).second) << line;
      family = words[2];
    } else if (!absl::StartsWith(line, "# HELP ")) {
      EXPECT_TRUE(std::regex_match(line, kSample)) << line;
      EXPECT_TRUE(absl::StartsWith(line, family)) << line;
    }
  }
  return families;
}

class EndpointsTest : public testing::Test {
 protected:
  EndpointsTest() : house_({}) { house_.Start(); }
  // grpc.health.v1: field 1 of the reply is 1 for SERVING, 2 for NOT_SERVING.
  std::string Health(const std::string& service) {
    const Reply reply = Call(house_, "/grpc.health.v1.Health/Check", service.empty() ? "" : Field(1, service));
    if (!reply.status.ok()) return reply.status.error_message();
    return reply.bytes == "\x08\x01" ? "SERVING" : reply.bytes == "\x08\x02" ? "NOT_SERVING" : "?";
  }

  House house_;
};

TEST_F(EndpointsTest, HealthIsServingAndThatOfTheRingsFollowsTheRing) {
  EXPECT_EQ(Health(""), "SERVING");
  EXPECT_EQ(Health("wan.v1.VideoGeneration"), "SERVING");
  EXPECT_EQ(Health("wan.v1.Rings"), "SERVING");
  EXPECT_EQ(Call(house_, "/grpc.health.v1.Health/Check", Field(1, "wan.v1.Nothing")).status.error_code(),
            grpc::StatusCode::NOT_FOUND);
  house_.ring().Stop();
  house_.AwaitRing("UNREACHABLE");
  EXPECT_EQ(Health("wan.v1.Rings"), "NOT_SERVING");
  EXPECT_EQ(Health("wan.v1.VideoGeneration"), "SERVING");
  house_.StartRing();
  house_.AwaitRing("READY");
  EXPECT_EQ(Health("wan.v1.Rings"), "SERVING");
}

TEST_F(EndpointsTest, ReflectionListsTheServicesAndTheirFiles) {
  const std::string method = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const Reply services = Call(house_, method, Field(7, "*"));
  EXPECT_TRUE(services.status.ok()) << services.status.error_message();
  for (const char* name : {"wan.v1.VideoGeneration", "wan.v1.Admin", "grpc.health.v1.Health"}) {
    EXPECT_THAT(services.bytes, HasSubstr(Field(1, name)));
  }
  const Reply file = Call(house_, method, Field(4, "wan.v1.VideoGeneration.SubmitJob"));
  EXPECT_TRUE(file.status.ok()) << file.status.error_message();
  EXPECT_THAT(file.bytes, HasSubstr("wan/v1/video_generation.proto"));
  EXPECT_THAT(file.bytes, HasSubstr("SubmitJobRequest"));
}

TEST_F(EndpointsTest, TheServersMetricsTellOfAJobThatWasMade) {
  ASSERT_EQ(Generate(house_, {"--model", "wan-shapes", "--prompt", "x", "--steps", "2", "--frames", "5"}).videos.size(),
            1u);
  const std::string page = house_.Http(house_.server_metrics_port(), "/metrics");
  const auto families = Families(page);
  const std::map<std::string, std::string> expected = {
      {"wan_admission_rejections_total", "counter"}, {"wan_build_info", "gauge"},
      {"wan_grpc_server_handled_total", "counter"},  {"wan_grpc_server_handling_seconds", "histogram"},
      {"wan_job_duration_seconds", "histogram"},     {"wan_job_queue_seconds", "histogram"},
      {"wan_job_retries_total", "counter"},          {"wan_jobs_total", "counter"},
      {"wan_phase_duration_seconds", "histogram"},   {"wan_queue_jobs", "gauge"},
      {"wan_queue_oldest_age_seconds", "gauge"},     {"wan_ring_ready", "gauge"}};
  for (const auto& family : expected) EXPECT_THAT(families, testing::Contains(family));
  EXPECT_TRUE(std::regex_search(
      page, std::regex(R"(\nwan_jobs_total\{[^}]*model="wan-shapes",outcome="succeeded"[^}]*\} 1\n)")));
  EXPECT_TRUE(std::regex_search(page, std::regex(R"(\nwan_ring_ready\{[^}]*\} 1\n)")));
}

TEST_F(EndpointsTest, TheRingsMetricsCountForwardsStepsAndFrames) {
  ASSERT_EQ(Generate(house_, {"--model", "wan-shapes", "--prompt", "x", "--steps", "2", "--frames", "5"}).videos.size(),
            1u);
  const std::string page = house_.Http(house_.ring_metrics_port(), "/metrics");
  const auto families = Families(page);
  const std::map<std::string, std::string> expected = {{"wan_build_info", "gauge"},
                                                       {"wan_device_memory_bytes", "gauge"},
                                                       {"wan_encode_duration_seconds", "histogram"},
                                                       {"wan_model_info", "gauge"},
                                                       {"wan_output_bytes_total", "counter"},
                                                       {"wan_output_frames_total", "counter"},
                                                       {"wan_phase_duration_seconds", "histogram"},
                                                       {"wan_rank_up", "gauge"},
                                                       {"wan_step_duration_seconds", "histogram"},
                                                       {"wan_transformer_forwards_total", "counter"},
                                                       {"wan_weights_load_seconds", "histogram"}};
  for (const auto& family : expected) EXPECT_THAT(families, testing::Contains(family));
  for (const char* sample :
       {"wan_transformer_forwards_total{branch=\"cond\",expert=\"transformer\",model=\"wan-shapes\"} 2\n",
        "wan_transformer_forwards_total{branch=\"uncond\",expert=\"transformer\",model=\"wan-shapes\"} 2\n",
        "wan_output_frames_total{codec=\"h264\"} 5\n", "wan_rank_up{rank=\"0\"} 1\n",
        "wan_step_duration_seconds_count{expert=\"transformer\",kind=\"computed\",model=\"wan-shapes\"} 2\n"}) {
    EXPECT_THAT(page, HasSubstr(sample));
  }
}

TEST_F(EndpointsTest, BothProgramsAnswerWhetherTheyLiveAndAreReady) {
  for (const int port : {house_.server_metrics_port(), house_.ring_metrics_port()}) {
    EXPECT_THAT(house_.Http(port, "/healthz"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(house_.Http(port, "/readyz"), StartsWith("HTTP/1.1 200"));
  }
}

}  // namespace
}  // namespace wan

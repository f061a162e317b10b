#ifndef WAN_TESTS_TESTING_TEST_SERVER_H_
#define WAN_TESTS_TESTING_TEST_SERVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/server_app.h"
#include "tests/testing/fake_ring.h"
#include "tests/testing/files.h"
#include "wan/v1/admin.grpc.pb.h"
#include "wan/v1/video_generation.grpc.pb.h"

namespace wan {

// The smallest job: of the demo model, one step, five frames of 32 x 32, seed 7.
v1::GenerationSpec SmallSpec();

// A whole server in this process on a free port, its state in a folder of its own, and a client of it. What its client
// methods return has the details that travelled.
class TestServer {
 public:
  // `adjust` sees the configuration before the first start.
  explicit TestServer(const std::vector<std::string>& ring_addresses,
                      const std::function<void(ServerConfig&)>& adjust = nullptr);

  ServerConfig& config() { return config_; }
  ServerApp::Options& options() { return options_; }
  ServerApp& app() { return *app_; }
  const TemporaryFolder& folder() const { return folder_; }

  void Start();
  void Crash();  // the server's end without a drain
  void Drain();  // a drain, then the end

  absl::StatusOr<v1::Job> Submit(const v1::GenerationSpec& spec, const std::string& request_id = "");
  absl::StatusOr<v1::Job> Get(const std::string& job_id);
  absl::StatusOr<v1::Job> Cancel(const std::string& job_id);
  // Follows the job by WatchJob until `is_reached`; the job then. Fails when the stream ends before.
  absl::StatusOr<v1::Job> Await(const std::string& job_id, const std::function<bool(const v1::Job&)>& is_reached);
  absl::StatusOr<v1::Job> AwaitState(const std::string& job_id, v1::JobState state);
  absl::StatusOr<v1::Job> AwaitEnd(const std::string& job_id);
  // Waits until the server sees the i-th ring in this state.
  bool AwaitRing(int index, v1::RingState state);
  // All chunks. Fails where their offsets or checksums are wrong.
  absl::StatusOr<std::string> Download(const std::string& job_id, int index = 0, int64_t offset = 0,
                                       std::vector<v1::VideoChunk>* chunks = nullptr);
  // `bytes` as the request of a method: one of VideoGeneration ("SubmitJob") or a whole path ("/p.S/M"). Of a stream,
  // the status alone is read.
  absl::Status CallRaw(const std::string& method, const std::string& bytes, std::string* reply_bytes = nullptr);
  // The text of /metrics. For servers with a metrics address.
  std::string Metrics();

  v1::VideoGeneration::Stub& videos() { return *videos_; }
  v1::Admin::Stub& admin() { return *admin_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  const TemporaryFolder folder_;
  ServerConfig config_;
  ServerApp::Options options_;
  std::unique_ptr<ServerApp> app_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::VideoGeneration::Stub> videos_;
  std::unique_ptr<v1::Admin::Stub> admin_;
};

}  // namespace wan

#endif  // WAN_TESTS_TESTING_TEST_SERVER_H_

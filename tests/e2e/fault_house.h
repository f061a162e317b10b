#ifndef WAN_TESTS_E2E_FAULT_HOUSE_H_
#define WAN_TESTS_E2E_FAULT_HOUSE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/video_client.h"
#include "tests/e2e/program.h"
#include "tests/testing/temp_folder.h"

namespace wan {

// wan_server, one wan_worker and their state, each of which can be broken and started again. The ring keeps its port
// through its lives; the server takes a new one each time. A test that ends leaves no process and no port.
class FaultHouse {
 public:
  // Set before the start of the program that reads them.
  struct Settings {
    std::string checkpoint;   // the demo model's
    std::string scratch_dir;  // default: in the folder
    std::string results;      // default: in the folder
    int max_attempts = 2;
    double drain_timeout_seconds = 60;
    std::string worker_yaml;  // further lines
  } settings;

  FaultHouse();
  // Stops all with SIGTERM and expects no process of this house and no listener to be left.
  ~FaultHouse();
  FaultHouse(const FaultHouse&) = delete;
  FaultHouse& operator=(const FaultHouse&) = delete;

  void StartServer();
  void StartWorker();
  // Both, and waits for the ring.
  void Start();

  // SIGTERM, and no call of this client in the way.
  int StopServer();

  Program& server() { return *server_; }
  Program& worker() { return *worker_; }
  VideoClient& client() { return *client_; }
  std::string File(const std::string& name) const { return folder_ / name; }
  const std::string& folder() const { return folder_.path(); }
  std::string server_address() const;
  int server_port() const { return server_port_; }
  int ring_port() const { return ring_port_; }
  std::string WriteWorkerConfig() const;
  std::string WriteServerConfig() const;

  pid_t Rank() const { return ChildOf(worker_->pid()); }
  // Waits for a rank that is not `before`.
  pid_t AwaitRank(pid_t before = 0) const;
  bool AwaitRing(v1::RingState state, absl::Duration patience = kPatience);

  std::string Submit(const v1::GenerationSpec& spec);
  v1::Job Get(const std::string& job_id);
  // The first state of the job of which `is_reached` holds; the last one that was seen, when none did.
  v1::Job Await(const std::string& job_id, const std::function<bool(const v1::Job&)>& is_reached);
  v1::Job AwaitEnd(const std::string& job_id);
  // Its attempt `attempt` has done a denoising step.
  v1::Job AwaitStep(const std::string& job_id, int attempt = 1);
  // SHA-256 of the decoded frames of video 0.
  std::string Frames(const std::string& job_id);

  // Runs wanctl to its end; `*code` may be null.
  std::string Wanctl(std::vector<std::string> arguments, int* code = nullptr);
  std::unique_ptr<Program> StartWanctl(std::vector<std::string> arguments);

 private:
  std::string NextLog(const std::string& name);

  const TempFolder folder_;
  const int ring_port_;
  int server_port_ = 0;
  int num_logs_ = 0;
  std::unique_ptr<Program> worker_;
  std::unique_ptr<Program> server_;
  std::unique_ptr<VideoClient> client_;
};

// Small and lossless, done within a fraction of a second; with more steps, long enough to be disturbed.
v1::GenerationSpec FaultSpec(int num_steps, int64_t seed = 7);

// "CODE/REASON", e.g. "DATA_LOSS/NON_FINITE"; "" without an error.
std::string ErrorOf(const v1::Job& job);

}  // namespace wan

#endif  // WAN_TESTS_E2E_FAULT_HOUSE_H_

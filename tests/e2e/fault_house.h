#ifndef WAN_TESTS_E2E_FAULT_HOUSE_H_
#define WAN_TESTS_E2E_FAULT_HOUSE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "client/video_client.h"
#include "tests/testing/house.h"

namespace wan {

// Looks until `is_true` is, at most a minute. For facts that nothing announces: a process that is gone, a line of a
// log.
bool AwaitTrue(const std::function<bool()>& is_true);

// The exit code of a program that ends within a minute, 128 + N when signal N ended it; nullopt: it runs on.
std::optional<int> AwaitExit(Process& program);

// A house whose programs are broken and started again, with the jobs that go through it. Lost jobs have two attempts,
// a rank is restarted after 0.1 s. Its end expects that both programs stop in order and that no process and no listener
// is left. Test thread only.
class FaultHouse : public House {
 public:
  FaultHouse();
  ~FaultHouse();

  std::string RingErrors() const;  // of the worker and its ranks, all their lives
  std::string ServerErrors() const;
  std::string LastRingLine() const;

  // Processes that run with a file of this house, by their command lines.
  bool HasProcessWith(const std::string& file) const;
  // Waits for a rank that is not `before`.
  pid_t AwaitRank(pid_t before = 0);
  // SIGTERM; its exit code.
  int StopServer();

  std::string Submit(const v1::GenerationSpec& spec);
  v1::Job Get(const std::string& job_id);
  // The first state of the job of which `is_reached` holds; the last one that was seen, when none did.
  v1::Job Await(const std::string& job_id, const std::function<bool(const v1::Job&)>& is_reached);
  v1::Job AwaitEnd(const std::string& job_id);
  // Its attempt `attempt` has done a denoising step.
  v1::Job AwaitStep(const std::string& job_id, int attempt = 1);
  // SHA-256 of the decoded frames of video 0.
  std::string Frames(const std::string& job_id);
  VideoClient& client();

 private:
  std::unique_ptr<VideoClient> client_;
};

// Small and lossless, done within a fraction of a second; with more steps, long enough to be disturbed.
v1::GenerationSpec FaultSpec(int num_steps, int64_t seed = 7);

// "CODE/REASON", e.g. "DATA_LOSS/NON_FINITE"; "" without an error.
std::string ErrorOf(const v1::Job& job);

}  // namespace wan

#endif  // WAN_TESTS_E2E_FAULT_HOUSE_H_

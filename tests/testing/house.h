#ifndef WAN_TESTS_TESTING_HOUSE_H_
#define WAN_TESTS_TESTING_HOUSE_H_

#include <grpcpp/channel.h>
#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/testing/files.h"
#include "tests/testing/process.h"

namespace wan {

struct HouseOptions {
  std::string model = "wan-shapes";
  std::string checkpoint;      // absent: models/wan-shapes of the source tree
  std::string models_yaml;     // text of the catalogue; absent: configs/models.yaml of the source tree
  std::string results_folder;  // absent: in the house's folder, as is the next
  std::string scratch_folder;
  std::string ring_address;  // for the server; absent: the house's own ring
  // More top-level keys; a section that House writes itself (listen, model, ...) cannot be given twice.
  std::string server_yaml = "drain_timeout_seconds: 1\n";
  std::string ring_yaml;
  std::map<std::string, std::string> server_environment;
  std::map<std::string, std::string> ring_environment;
};

// The programs as built, with one ring, in a folder of their own and on free ports of the loopback: wan_server, and
// wan_worker with its rank. One compute thread, float32. Everything is stopped and removed by the destructor.
//
//   House house({});
//   house.Start();
//   const House::Result made = house.Wanctl({"generate", "--prompt", "a red circle", "--output", house.Path("a.mp4")});
//
// A program keeps its port over a restart: the server from its first start on. Where waiting takes longer than a limit,
// the logs are printed and the test program ends: nothing that follows could hold.
class House {
 public:
  struct Result {
    int exit_code = -1;
    std::string out;
    std::string err;
  };

  explicit House(HouseOptions options);
  ~House();
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void Start();  // ring and server, until the server sees the ring ready
  // Until the program has written its port. The server may come first.
  void StartRing();
  void StartServer();
  // Until the server reports the ring in this state: "READY", "UNREACHABLE", ...
  void AwaitRing(const std::string& state, absl::Duration limit = absl::Seconds(60));

  // Writes a program's configuration as its start would.
  void WriteRingConfig();
  void WriteServerConfig();

  HouseOptions& options() { return options_; }  // each start reads them

  Process& server() { return *server_; }
  Process& ring() { return *ring_; }  // the supervisor
  Process* server_if_started() { return server_.get(); }
  Process* ring_if_started() { return ring_.get(); }
  pid_t rank_pid();  // of the process that computes; 0 where there is none
  int server_port() const { return server_port_; }
  int ring_port() const { return ring_port_; }
  int server_metrics_port() const;
  int ring_metrics_port() const;

  // wanctl for this server, to its end; variables WANCTL_... besides.
  Result Wanctl(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {});
  // The same, not waited for; its output goes to Path(name + ".out") and Path(name + ".err").
  std::unique_ptr<Process> StartWanctl(const std::string& name, const std::vector<std::string>& arguments,
                                       const std::map<std::string, std::string>& environment = {});
  // Any program of build/bin.
  Result Run(const std::string& program, const std::vector<std::string>& arguments);

  std::string Address() const;                     // host:port of the server
  std::shared_ptr<grpc::Channel> Channel() const;  // a new one with gRPC's default limits
  // Answer of a program's HTTP endpoint, its head included.
  std::string Http(int port, const std::string& path) const;

  std::string Path(const std::string& name) const { return folder_.File(name); }
  std::string ServerLog() const { return Path("server.log"); }
  std::string RingLog() const { return Path("ring.log"); }
  std::string ServerConfig() const { return Path("server.yaml"); }
  std::string RingConfig() const { return Path("ring.yaml"); }
  std::string ModelsFile() const { return Path("models.yaml"); }
  std::string ResultsFolder() const {
    return options_.results_folder.empty() ? Path("results") : options_.results_folder;
  }
  std::string ScratchFolder() const {
    return options_.scratch_folder.empty() ? Path("scratch") : options_.scratch_folder;
  }
  std::string StoreFile() const { return Path("jobs.db"); }

 private:
  int AwaitPort(const std::string& file, Process& process, int before);
  void Fail(const std::string& why) const;

  HouseOptions options_;
  const TemporaryFolder folder_;
  int num_runs_ = 0;
  const int ring_port_;  // the same in all its lives, since the server is told it once
  int server_port_ = 0;
  std::unique_ptr<Process> ring_;
  std::unique_ptr<Process> server_;  // ends before the ring
};

}  // namespace wan

#endif  // WAN_TESTS_TESTING_HOUSE_H_

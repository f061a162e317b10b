#include "tests/testing/house.h"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/log.h"
#include "tests/testing/files.h"
#include "wan/v1/admin.grpc.pb.h"

namespace wan {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(10);
constexpr absl::Duration kStartLimit = absl::Seconds(60);
constexpr absl::Duration kCommandLimit = absl::Seconds(120);

std::string Folder(const char* variable) {
  const char* value = std::getenv(variable);
  WAN_CHECK(value != nullptr);
  return value;
}

std::string Program(const std::string& name) { return Folder("WAN_BINARY_DIR") + "/bin/" + name; }

std::map<std::string, std::string> OneThread(std::map<std::string, std::string> environment) {
  environment.emplace("OMP_NUM_THREADS", "1");
  return environment;
}

int ReadPort(const std::string& file) {
  int port = 0;
  if (!std::filesystem::exists(file) || !absl::SimpleAtoi(ReadFile(file), &port)) return 0;
  return port;
}

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Outside of the range from which the kernel gives ports to connections: there a server that tries to reach a ring that
// is not up can be given the ring's own port, connects to itself, and the ring finds it taken.
int FreePort() {
  constexpr int kFirst = 20'000, kCount = 10'000;
  for (int i = 0; i < kCount; ++i) {
    const int port = kFirst + (static_cast<int>(::getpid()) * 31 + i) % kCount;
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(port);
    const bool is_free = ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    ::close(listener);
    if (is_free) return port;
  }
  WAN_CHECK(false && "no port is free");
}

std::string Listen(int port, const std::string& port_file) {
  return absl::StrCat("{address: \"127.0.0.1:", port, "\", port_file: \"", port_file, "\"}\n");
}

}  // namespace

House::House(HouseOptions options) : options_(std::move(options)), ring_port_(FreePort()) {
  WriteFile(ModelsFile(), options_.models_yaml.empty() ? ReadFile(Folder("WAN_SOURCE_DIR") + "/configs/models.yaml")
                                                       : options_.models_yaml);
}

House::~House() = default;

void House::Start() {
  StartRing();
  StartServer();
  AwaitRing("READY");
}

void House::WriteRingConfig() {
  const std::string checkpoint =
      options_.checkpoint.empty() ? Folder("WAN_SOURCE_DIR") + "/models/wan-shapes" : options_.checkpoint;
  WriteFile(RingConfig(),
            absl::StrCat("listen: ", Listen(ring_port_, Path("ring.port")),                                    //
                         "model: {name: ", options_.model, ", checkpoint: \"", checkpoint, "\", catalog: \"",  //
                         ModelsFile(), "\", dtype: f32}\n",                                                    //
                         "video: {scratch_dir: \"", ScratchFolder(), "\"}\n",                                  //
                         "metrics: ", Listen(0, Path("ring-metrics.port")),                                    //
                         "threads: 1\n", options_.ring_yaml));
}

void House::WriteServerConfig() {
  const std::string ring =
      options_.ring_address.empty() ? absl::StrCat("127.0.0.1:", ring_port_) : options_.ring_address;
  WriteFile(ServerConfig(), absl::StrCat("listen: ", Listen(server_port_, Path("server.port")),  //
                                         "auth: none\n",                                         //
                                         "store: {path: \"", StoreFile(), "\"}\n",               //
                                         "results: {path: \"", ResultsFolder(), "\"}\n",         //
                                         "models: {path: \"", ModelsFile(), "\"}\n",             //
                                         "rings: [{name: ring-0, address: \"", ring, "\"}]\n",   //
                                         "metrics: ", Listen(0, Path("server-metrics.port")), options_.server_yaml));
}

void House::StartRing() {
  ring_.reset();
  WriteRingConfig();
  std::filesystem::remove(Path("ring.port"));
  std::filesystem::remove(Path("ring-metrics.port"));
  ring_ =
      std::make_unique<Process>(std::vector<std::string>{Program("wan_worker"), "--config", RingConfig()},
                                OneThread(options_.ring_environment), folder_.path(), Process::Files{.err = RingLog()});
  AwaitPort(Path("ring.port"), *ring_, ring_port_);
}

void House::StartServer() {
  server_.reset();
  WriteServerConfig();
  std::filesystem::remove(Path("server.port"));
  std::filesystem::remove(Path("server-metrics.port"));
  server_ = std::make_unique<Process>(std::vector<std::string>{Program("wan_server"), "--config", ServerConfig()},
                                      OneThread(options_.server_environment), folder_.path(),
                                      Process::Files{.err = ServerLog()});
  server_port_ = AwaitPort(Path("server.port"), *server_, server_port_);
}

int House::AwaitPort(const std::string& file, Process& process, int before) {
  for (const absl::Time deadline = absl::Now() + kStartLimit; absl::Now() < deadline; absl::SleepFor(kPoll)) {
    if (const int port = ReadPort(file); port != 0) {
      if (before != 0 && port != before) Fail(absl::StrCat(file, " has another port than before"));
      return port;
    }
    if (!process.IsRunning()) Fail(absl::StrCat("the program ended before it wrote ", file));
  }
  Fail(absl::StrCat(file, " was not written in time"));
  return 0;
}

void House::AwaitRing(const std::string& state, absl::Duration limit) {
  const auto admin = v1::Admin::NewStub(Channel());
  for (const absl::Time deadline = absl::Now() + limit; absl::Now() < deadline; absl::SleepFor(kPoll)) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(absl::ToChronoTime(deadline));
    v1::ListRingsResponse response;
    const grpc::Status status = admin->ListRings(&context, {}, &response);
    if (!status.ok()) Fail(status.error_message());
    if (v1::RingState_Name(response.rings(0).state()) == "RING_STATE_" + state) return;
  }
  Fail("the ring did not become " + state);
}

pid_t House::rank_pid() {
  const std::vector<pid_t> children = ChildrenOf(ring_->pid());
  return children.empty() ? 0 : children.front();
}

int House::server_metrics_port() const { return ReadPort(Path("server-metrics.port")); }
int House::ring_metrics_port() const { return ReadPort(Path("ring-metrics.port")); }

House::Result House::Wanctl(const std::vector<std::string>& arguments,
                            const std::map<std::string, std::string>& environment) {
  const std::string name = absl::StrCat("wanctl-", num_runs_++);
  const std::unique_ptr<Process> process = StartWanctl(name, arguments, environment);
  const auto code = process->Wait(kCommandLimit);
  if (!code.has_value()) Fail("wanctl did not end: " + ReadFile(Path(name + ".err")));
  return {.exit_code = *code, .out = ReadFile(Path(name + ".out")), .err = ReadFile(Path(name + ".err"))};
}

std::unique_ptr<Process> House::StartWanctl(const std::string& name, const std::vector<std::string>& arguments,
                                            const std::map<std::string, std::string>& environment) {
  std::map<std::string, std::string> variables = environment;
  variables.emplace("WANCTL_SERVER", Address());
  std::vector<std::string> command = {Program("wanctl")};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return std::make_unique<Process>(command, variables, folder_.path(),
                                   Process::Files{.out = Path(name + ".out"), .err = Path(name + ".err")});
}

House::Result House::Run(const std::string& program, const std::vector<std::string>& arguments) {
  const std::string name = absl::StrCat(program, "-", num_runs_++);
  std::vector<std::string> command = {Program(program)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Process process(command, OneThread({}), folder_.path(), {.out = Path(name + ".out"), .err = Path(name + ".err")});
  const auto code = process.Wait(kCommandLimit);
  if (!code.has_value()) Fail(program + " did not end");
  return {.exit_code = *code, .out = ReadFile(Path(name + ".out")), .err = ReadFile(Path(name + ".err"))};
}

std::string House::Address() const { return absl::StrCat("127.0.0.1:", server_port_); }

std::shared_ptr<grpc::Channel> House::Channel() const {
  return grpc::CreateChannel(Address(), grpc::InsecureChannelCredentials());
}

std::string House::Http(int port, const std::string& path) const {
  const int connection = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = Loopback(port);
  std::string text;
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (::write(connection, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
      char buffer[4096];
      for (ssize_t count = 0; (count = ::read(connection, buffer, sizeof(buffer))) > 0;) text.append(buffer, count);
    }
  }
  ::close(connection);
  return text;
}

void House::Fail(const std::string& why) const {
  for (const std::string& log : {ServerLog(), RingLog()}) {
    if (std::filesystem::exists(log)) std::fprintf(stderr, "-- %s\n%s", log.c_str(), ReadFile(log).c_str());
  }
  std::fprintf(stderr, "house: %s\n", why.c_str());
  std::abort();
}

}  // namespace wan

// A server in this process with scripted behaviour, on a real port.
#ifndef WAN_TESTS_CLIENT_FAKE_SERVER_H_
#define WAN_TESTS_CLIENT_FAKE_SERVER_H_

#include <grpcpp/server.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "wan/v1/admin.grpc.pb.h"
#include "wan/v1/video_generation.grpc.pb.h"

namespace wan {

// One WatchJob stream: what it sends and how it ends.
struct WatchScript {
  std::vector<v1::JobEvent> events = {};
  grpc::Status status = grpc::Status::OK;
  bool holds = false;  // after the events, silent until the client leaves or the server stops
};

// What is wrong with one DownloadVideo stream.
struct DownloadScript {
  int64_t stops_after = -1;                // bytes of this stream; -1: sends all
  grpc::Status status = grpc::Status::OK;  // then
  bool flips_a_bit = false;                // in the stream's last chunk, after its CRC was made
  int64_t offset_error = 0;                // added to each chunk's offset
  bool holds = false;                      // after the bytes, silent until the client leaves or the server stops
};

// Any thread.
class FakeVideoGeneration : public v1::VideoGeneration::Service {
 public:
  // The next `times` calls of `method` ("SubmitJob") end with `status`. SubmitJob stores its job all the same: the
  // answer is what gets lost.
  void FailNext(const std::string& method, const grpc::Status& status, int times = 1);
  void SetJob(const v1::Job& job);
  void AddWatch(WatchScript script);        // used up in order; without one, the stored job is sent once
  void AddDownload(DownloadScript script);  // used up in order; without one, nothing is wrong
  // Adds the video to the stored job too.
  void SetVideo(const std::string& job_id, int index, const std::string& bytes);
  void SetSha256(const std::string& job_id, int index, const std::string& sha256);  // a lie
  void SetModels(std::vector<v1::Model> models);

  std::vector<v1::SubmitJobRequest> submits() const;
  std::vector<v1::DownloadVideoRequest> downloads() const;
  int watch_count() const;
  size_t job_count() const;
  std::vector<std::string> cancelled() const;
  // Blocks until a stream with `holds` has sent all its messages.
  void AwaitHold();
  // Ends streams that hold, as a server that goes down does.
  void Stop();

  grpc::Status SubmitJob(grpc::ServerContext*, const v1::SubmitJobRequest* request, v1::Job* job) override;
  grpc::Status GetJob(grpc::ServerContext*, const v1::GetJobRequest* request, v1::Job* job) override;
  grpc::Status ListJobs(grpc::ServerContext*, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override;
  grpc::Status CancelJob(grpc::ServerContext*, const v1::CancelJobRequest* request, v1::Job* job) override;
  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                        grpc::ServerWriter<v1::JobEvent>* writer) override;
  grpc::Status DownloadVideo(grpc::ServerContext* context, const v1::DownloadVideoRequest* request,
                             grpc::ServerWriter<v1::VideoChunk>* writer) override;
  grpc::Status ListModels(grpc::ServerContext*, const v1::ListModelsRequest*,
                          v1::ListModelsResponse* response) override;

 private:
  grpc::Status TakeFailure(const std::string& method) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Hold(grpc::ServerContext* context);

  mutable absl::Mutex mutex_;
  std::map<std::string, std::deque<grpc::Status>> failures_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, v1::Job> jobs_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> job_of_request_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, int>, std::string> videos_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::Model> models_ ABSL_GUARDED_BY(mutex_);
  std::deque<WatchScript> watches_ ABSL_GUARDED_BY(mutex_);
  std::deque<DownloadScript> downloads_to_come_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::SubmitJobRequest> submits_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::DownloadVideoRequest> downloads_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> cancelled_ ABSL_GUARDED_BY(mutex_);
  int watch_count_ ABSL_GUARDED_BY(mutex_) = 0;
  int holding_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

class FakeAdmin : public v1::Admin::Service {
 public:
  std::vector<v1::Ring> rings;  // set before the server is called

  grpc::Status ListRings(grpc::ServerContext*, const v1::ListRingsRequest*, v1::ListRingsResponse* response) override;
};

class FakeServer {
 public:
  explicit FakeServer(int port = 0);  // 0: any free one
  ~FakeServer();

  int port() const { return port_; }
  std::string address() const;
  FakeVideoGeneration& videos() { return videos_; }
  FakeAdmin& admin() { return admin_; }
  // Closes the port and every connection.
  void Stop();

 private:
  FakeVideoGeneration videos_;
  FakeAdmin admin_;
  int port_;
  std::unique_ptr<grpc::Server> server_;
};

// A job as the server would give it: 48x32, 5 frames, seed 7, one video.
v1::Job MakeJob(const std::string& job_id, v1::JobState state);
v1::JobEvent MakeEvent(int64_t sequence, const v1::Job& job);

}  // namespace wan

#endif  // WAN_TESTS_CLIENT_FAKE_SERVER_H_

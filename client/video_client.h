// The public API of a server as a program uses it: repeats calls while the server is unavailable, follows a job across
// broken streams, downloads with resume.
#ifndef WAN_CLIENT_VIDEO_CLIENT_H_
#define WAN_CLIENT_VIDEO_CLIENT_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/backoff.h"
#include "wan/v1/admin.grpc.pb.h"
#include "wan/v1/video_generation.grpc.pb.h"

namespace wan {

struct VideoClientOptions {
  absl::Duration call_timeout = absl::Seconds(30);                     // of one attempt of a unary call
  RetryPolicy call_retry = {.give_up_after = absl::Seconds(10)};       // of unary calls
  RetryPolicy stream_retry = {.give_up_after = absl::Seconds(60)};     // of Watch and Download
  std::function<void(const absl::Status& reason)> on_retry = nullptr;  // before each wait, in the caller's thread
};

// Methods block and may be called from any thread. A request on `stop` ends them at once with CANCELLED, which on the
// server changes nothing: only Cancel ends a job. Errors carry the server's details (common/error.h).
class VideoClient {
 public:
  VideoClient(std::shared_ptr<grpc::Channel> channel, VideoClientOptions options, std::stop_token stop);

  // `request_id` (NewRequestId()) makes the repetition safe: the server stores one job for it.
  absl::StatusOr<v1::Job> Submit(const v1::GenerationSpec& spec, const std::string& request_id);
  absl::StatusOr<v1::Job> Get(const std::string& job_id);
  // Newest first, at most `limit`, page by page. `*more` says whether there are others. `states` empty: all.
  absl::StatusOr<std::vector<v1::Job>> List(const std::vector<v1::JobState>& states, int limit, bool* more);
  absl::StatusOr<v1::Job> Cancel(const std::string& job_id);
  absl::StatusOr<std::vector<v1::Model>> ListModels();
  absl::StatusOr<std::vector<v1::Ring>> ListRings();

  // Calls `on_event` in this thread with the snapshot and each change, heartbeats left out; returns the job in its
  // final state. Opens the stream again while the server is unavailable, up to `stream_retry` after the last message.
  absl::StatusOr<v1::Job> Watch(const std::string& job_id, const std::function<void(const v1::JobEvent&)>& on_event);

  // Writes video `index` to `path` (by way of PartFile). Continues where a broken stream, or an earlier process, ended.
  // Each chunk's CRC-32C and the file's SHA-256 are checked. `on_bytes` may be null.
  // Error: DATA_LOSS when bytes stay wrong after repetition; nothing has the name `path` then.
  absl::StatusOr<v1::Video> Download(const std::string& job_id, int index, const std::string& path,
                                     const std::function<void(int64_t done, int64_t size)>& on_bytes);

 private:
  absl::Status Call(const std::function<grpc::Status(grpc::ClientContext*)>& call);
  void NoticeRetry(const absl::Status& reason) const;

  const VideoClientOptions options_;
  const std::stop_token stop_;
  const std::unique_ptr<v1::VideoGeneration::Stub> videos_;
  const std::unique_ptr<v1::Admin::Stub> admin_;
};

// A plain-text channel to "host:port" (or any gRPC target), tuned for reconnecting within seconds and for noticing a
// dead peer under a silent stream.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address);

// SUCCEEDED, FAILED, CANCELLED or EXPIRED.
bool IsFinal(v1::JobState state);

}  // namespace wan

#endif  // WAN_CLIENT_VIDEO_CLIENT_H_

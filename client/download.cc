// VideoClient::Download: one loop over streams, each continuing where the bytes on disk end.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/part_file.h"
#include "client/video_client.h"
#include "common/crc32c.h"
#include "common/rpc/grpc_status.h"
#include "common/status_macros.h"

namespace wan {
namespace {

// Wrong bytes are asked for again this often without any progress in between; then something on the way alters them.
constexpr int kMaxBadChunks = 3;

// DATA_LOSS when the chunk cannot be the next piece of the file.
absl::Status CheckChunk(const v1::VideoChunk& chunk, int64_t expected_offset, int64_t file_size) {
  if (chunk.offset() != expected_offset) {
    return absl::DataLossError(
        absl::StrCat("a chunk begins at byte ", chunk.offset(), " where byte ", expected_offset, " was expected"));
  }
  const auto size = static_cast<int64_t>(chunk.data().size());
  if (size > file_size - expected_offset) {
    return absl::DataLossError(absl::StrCat("the server sent more than the ", file_size, " bytes of the file"));
  }
  if (Crc32c(chunk.data()) != chunk.crc32c()) {
    return absl::DataLossError(
        absl::StrCat("the chunk of ", size, " bytes at byte ", expected_offset, " does not match its CRC-32C"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Video> VideoClient::Download(const std::string& job_id, int index, const std::string& path,
                                                const std::function<void(int64_t, int64_t)>& on_bytes) {
  WAN_ASSIGN_OR_RETURN(const std::unique_ptr<PartFile> file, PartFile::Open(path, absl::StrCat(job_id, " ", index)));
  bool trusted = file->size_bytes() == 0;  // false while bytes are there that this call has not written
  int bad_chunks = 0;
  Backoff backoff(options_.stream_retry, stop_);
  v1::Video video;
  while (true) {
    v1::DownloadVideoRequest request;
    request.set_job_id(job_id);
    request.set_index(index);
    request.set_offset(file->size_bytes());
    grpc::ClientContext context;
    const std::stop_callback cancel(stop_, [&context] { context.TryCancel(); });
    const auto reader = videos_->DownloadVideo(&context, request);

    absl::Status status;  // why this stream is left
    v1::VideoChunk chunk;
    bool has_video = false;
    while (status.ok() && reader->Read(&chunk)) {
      if (!has_video) {
        if (!chunk.has_video()) {
          status = absl::InternalError("the first message of the download does not describe the video");
          break;
        }
        video = chunk.video();
        has_video = true;
      }
      status = CheckChunk(chunk, file->size_bytes(), video.size_bytes());
      if (!status.ok()) break;
      if (chunk.data().empty()) continue;
      // A full disk ends the download; what is written stays for the next one.
      if (const absl::Status written = file->Append(chunk.data()); !written.ok()) {
        context.TryCancel();
        reader->Finish();
        return written;
      }
      backoff.Succeeded();
      bad_chunks = 0;
      if (on_bytes != nullptr) on_bytes(file->size_bytes(), video.size_bytes());
    }
    if (!status.ok()) context.TryCancel();
    const grpc::Status result = reader->Finish();
    if (status.ok()) status = FromGrpcStatus(result);

    if (has_video && file->size_bytes() == video.size_bytes()) {
      WAN_ASSIGN_OR_RETURN(const std::string sha256, file->ReadSha256());
      if (sha256 == video.sha256()) {
        WAN_RETURN_IF_ERROR(file->Commit());
        return video;
      }
      status = absl::DataLossError(absl::StrCat("the file has SHA-256 ", sha256, ", the server says ", video.sha256()));
      if (trusted) {
        file->Discard();
        return status;
      }
      // Bytes of an earlier process were wrong: once more from the beginning.
      WAN_RETURN_IF_ERROR(file->Restart());
      trusted = true;
      NoticeRetry(status);
      continue;
    }
    if (stop_.stop_requested()) return absl::CancelledError("interrupted");
    if (status.ok()) status = absl::UnavailableError("the server ended the stream before the file ended");

    // The .part of an earlier process is longer than the file, or does not belong to it.
    const bool is_misfit = (has_video && file->size_bytes() > video.size_bytes()) || absl::IsOutOfRange(status) ||
                           absl::IsInvalidArgument(status) || absl::IsDataLoss(status);
    if (is_misfit && !trusted && file->size_bytes() > 0) {
      WAN_RETURN_IF_ERROR(file->Restart());
      trusted = true;
      NoticeRetry(status);
      continue;
    }
    if (absl::IsDataLoss(status) && result.error_code() != grpc::StatusCode::DATA_LOSS) {
      if (++bad_chunks >= kMaxBadChunks) return status;
    } else if (!absl::IsUnavailable(status) && !absl::IsCancelled(status)) {
      return status;
    }
    NoticeRetry(status);
    if (!backoff.Wait()) {
      if (stop_.stop_requested()) return absl::CancelledError("interrupted");
      return absl::IsCancelled(status) ? absl::UnavailableError(status.message()) : status;
    }
  }
}

}  // namespace wan

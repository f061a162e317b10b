#include "server/ring/result_receiver.h"

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "common/status_macros.h"

namespace wan {

ResultKey ResultReceiver::KeyOf(int index) const {
  return {.job_id = job_.id, .index = index, .extension = std::string(VideoContainerName(job_.resolved.spec.codec))};
}

absl::Status ResultReceiver::WrongResult(const std::string& what) const {
  return MakeError(absl::StatusCode::kInternal, kStorage,
                   absl::StrCat("ring ", job_.ring, " sent no valid result: ", what));
}

absl::Status ResultReceiver::Accept(const worker::v1::VideoChunk& chunk) {
  const int index = chunk.video_index();
  if (index < 0 || index >= job_.resolved.spec.num_videos) {
    return WrongResult(absl::StrCat("bytes of video ", index, " of ", job_.resolved.spec.num_videos));
  }
  std::unique_ptr<ResultWriter>& writer = writers_[index];
  if (writer == nullptr) {
    WAN_ASSIGN_OR_RETURN(writer, store_.Create(KeyOf(index)));
  }
  if (chunk.offset() != writer->size_bytes()) {
    return WrongResult(
        absl::StrCat("video ", index, " continues at byte ", chunk.offset(), " after byte ", writer->size_bytes()));
  }
  return writer->Append(chunk.data());
}

absl::StatusOr<std::vector<JobVideo>> ResultReceiver::Describe(const worker::v1::Completed& completed) const {
  const GenerationSpec& spec = job_.resolved.spec;
  std::map<int, JobVideo> videos;
  for (const v1::Video& video : completed.videos()) {
    if (video.index() < 0 || video.index() >= spec.num_videos) {
      return WrongResult(absl::StrCat("video ", video.index(), " of ", spec.num_videos));
    }
    if (video.codec() != VideoCodecName(spec.codec)) {
      return WrongResult(absl::StrCat("video ", video.index(), " is ", video.codec()));
    }
    if (video.seed() != spec.seed + video.index()) {
      return WrongResult(absl::StrCat("video ", video.index(), " has seed ", video.seed()));
    }
    if (!writers_.contains(video.index())) {
      return WrongResult(absl::StrCat("video ", video.index(), " came without bytes"));
    }
    videos[video.index()] = {.index = video.index(),
                             .seed = video.seed(),
                             .codec = spec.codec,
                             .container = std::string(VideoContainerName(spec.codec)),
                             .size_bytes = video.size_bytes(),
                             .sha256 = video.sha256(),
                             .num_frames = video.num_frames()};
  }
  if (static_cast<int64_t>(videos.size()) != spec.num_videos || videos.size() != writers_.size()) {
    return WrongResult(absl::StrCat(videos.size(), " of ", spec.num_videos, " videos"));
  }
  std::vector<JobVideo> described;
  for (auto& [index, video] : videos) described.push_back(std::move(video));
  return described;
}

absl::StatusOr<std::vector<JobVideo>> ResultReceiver::Commit(const worker::v1::Completed& completed) {
  WAN_ASSIGN_OR_RETURN(std::vector<JobVideo> videos, Describe(completed));
  for (const JobVideo& video : videos) {
    const absl::Status status = writers_[video.index]->Commit({.size_bytes = video.size_bytes, .sha256 = video.sha256});
    if (status.ok()) continue;
    for (int earlier = 0; earlier < video.index; ++earlier) {
      if (const absl::Status removed = store_.Remove(KeyOf(earlier)); !removed.ok()) {
        WAN_LOG(WARNING) << "job " << job_.id << ": an unused video stays: " << removed;
      }
    }
    return Annotate(status, absl::StrCat("video ", video.index));
  }
  writers_.clear();
  return videos;
}

}  // namespace wan

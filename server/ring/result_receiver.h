// The videos of one run on their way from the ring into the result store.
#ifndef WAN_SERVER_RING_RESULT_RECEIVER_H_
#define WAN_SERVER_RING_RESULT_RECEIVER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/job/job.h"
#include "server/result/result_store.h"
#include "wan/worker/v1/ring_worker.pb.h"

namespace wan {

// One thread. Destroyed before Commit() is done, it leaves nothing in the store.
class ResultReceiver {
 public:
  ResultReceiver(const Job& job, ResultStore& store) : job_(job), store_(store) {}

  // INTERNAL / STORAGE when the bytes cannot be stored, or are not the next ones of a video of the job.
  absl::Status Accept(const worker::v1::VideoChunk& chunk);

  // Makes all videos of the job durable and visible. INTERNAL / STORAGE, none of them visible, when they are not the
  // job's (all of them, its codec) or their bytes are not those that the ring describes.
  absl::StatusOr<std::vector<JobVideo>> Commit(const worker::v1::Completed& completed);

 private:
  ResultKey KeyOf(int index) const;
  absl::Status WrongResult(const std::string& what) const;
  absl::StatusOr<std::vector<JobVideo>> Describe(const worker::v1::Completed& completed) const;

  const Job& job_;
  ResultStore& store_;
  std::map<int, std::unique_ptr<ResultWriter>> writers_;  // by video index
};

}  // namespace wan

#endif  // WAN_SERVER_RING_RESULT_RECEIVER_H_

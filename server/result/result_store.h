// Where finished videos live. A video is there as a whole or not at all.
#ifndef WAN_SERVER_RESULT_RESULT_STORE_H_
#define WAN_SERVER_RESULT_RESULT_STORE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

struct ResultKey {
  std::string job_id;
  int index = 0;
  std::string extension;  // "mp4", "mkv"
};

struct ResultDigest {
  int64_t size_bytes = 0;
  std::string sha256;  // lower-case hex
  friend bool operator==(const ResultDigest&, const ResultDigest&) = default;
};

// Destroyed without Commit(), it leaves nothing behind. One thread.
class ResultWriter {
 public:
  virtual ~ResultWriter() = default;

  // INTERNAL / STORAGE with path and cause. After an error only destruction is allowed.
  virtual absl::Status Append(absl::string_view bytes) = 0;

  // Bytes so far; the offset of the next Append().
  virtual int64_t size_bytes() const = 0;

  // Makes the video durable and visible, replacing one of the same key (an earlier attempt's). INTERNAL / STORAGE,
  // nothing becomes visible, when what was written is not `expected` or cannot be stored. Once.
  virtual absl::Status Commit(const ResultDigest& expected) = 0;
};

// Stays readable while open, also when the video is replaced or removed meanwhile. Any thread.
class ResultReader {
 public:
  virtual ~ResultReader() = default;
  virtual int64_t size_bytes() const = 0;
  // Up to `max_bytes` from `offset`; fewer only at the end, none from the end on. OUT_OF_RANGE for a negative offset.
  virtual absl::StatusOr<std::string> Read(int64_t offset, int64_t max_bytes) const = 0;
};

// Any thread. Every method may fail with INTERNAL / STORAGE, naming path and cause.
class ResultStore {
 public:
  virtual ~ResultStore() = default;
  virtual absl::StatusOr<std::unique_ptr<ResultWriter>> Create(const ResultKey& key) = 0;
  // NOT_FOUND when there is no such video.
  virtual absl::StatusOr<std::unique_ptr<ResultReader>> Open(const ResultKey& key) = 0;
  // OK when there is none.
  virtual absl::Status Remove(const ResultKey& key) = 0;
};

}  // namespace wan

#endif  // WAN_SERVER_RESULT_RESULT_STORE_H_

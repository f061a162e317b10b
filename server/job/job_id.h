// Job ids are ULIDs: 48 bits of Unix milliseconds and 80 random bits as 26 characters of Crockford's base 32, so that
// their text order is their order in time. Within one millisecond (and while the clock stands or steps back) the random
// part counts up. Source: github.com/ulid/spec.
#ifndef WAN_SERVER_JOB_JOB_ID_H_
#define WAN_SERVER_JOB_JOB_ID_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace wan {

// 26 characters of the alphabet in upper case, not above the largest ULID. Such a text is safe in a path and in a URL.
bool IsJobId(absl::string_view text);

// Any thread.
class JobIdGenerator {
 public:
  // `now` is called under the generator's lock.
  explicit JobIdGenerator(std::function<absl::Time()> now);

  // Larger than every id before it.
  std::string Next();

  // Later ids are larger than `id` as well, whatever the clock says. Ignores what is not a job id.
  void StartAfter(absl::string_view id);

 private:
  const std::function<absl::Time()> now_;
  absl::Mutex mutex_;
  std::array<uint8_t, 16> last_ ABSL_GUARDED_BY(mutex_) = {};  // big-endian: 6 bytes of time, 10 of entropy
};

}  // namespace wan

#endif  // WAN_SERVER_JOB_JOB_ID_H_

// Shows how a job and a download go on: a line that is rewritten on a terminal, plain lines elsewhere.
#ifndef WAN_CLIENT_WANCTL_PROGRESS_DISPLAY_H_
#define WAN_CLIENT_WANCTL_PROGRESS_DISPLAY_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "client/wanctl/console.h"
#include "wan/v1/job.pb.h"

namespace wan {

// Writes to the console's `err`. One thread. Plain lines: one when state, phase, queue position or video changes, and
// within a phase at most one every kPlainInterval.
class ProgressDisplay {
 public:
  static constexpr absl::Duration kPlainInterval = absl::Seconds(5);

  explicit ProgressDisplay(const Console& console);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void ShowJob(const v1::Job& job);
  void ShowDownload(const std::string& path, int64_t done, int64_t size);

  // Takes the line off the terminal, so that a message can be printed; the next Show draws it again.
  void Clear();

 private:
  void ShowLine(const std::string& line);
  void ShowPlain(const std::string& key, const std::string& line);

  const Console& console_;
  bool line_is_drawn_ = false;
  std::string plain_key_;
  std::string plain_line_;
  absl::Time plain_time_ = absl::InfinitePast();
};

// "[#####.....]" of `width` characters between the brackets.
std::string ProgressBar(double share, int width);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_PROGRESS_DISPLAY_H_

#include "client/wanctl/progress_display.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/wanctl/format.h"
#include "client/wanctl/progress_text.h"

namespace wan {
namespace {

constexpr int kWidestBar = 30;
constexpr int kNarrowestBar = 8;

// `before`, a bar that takes what is left of the line, `after`. Too narrow a line goes without the bar.
std::string LineWithBar(const std::string& before, double share, const std::string& after, int columns) {
  const std::string tail = after.empty() ? "" : absl::StrCat("  ", after);
  const int text = static_cast<int>(DisplayWidth(before) + DisplayWidth(tail));
  const int width = std::min(kWidestBar, columns - 1 - text - 4);
  if (width < kNarrowestBar) return before + tail;
  return absl::StrCat(before, "  ", ProgressBar(share, width), tail);
}

}  // namespace

ProgressDisplay::ProgressDisplay(const Console& console) : console_(console) {}

ProgressDisplay::~ProgressDisplay() { Clear(); }

void ProgressDisplay::ShowJob(const v1::Job& job) {
  if (!console_.err_is_terminal) {
    const v1::Progress& progress = job.progress();
    ShowPlain(absl::StrCat(job.state(), " ", job.queue_position(), " ", progress.phase(), " ", progress.video_index(),
                           " ", job.cancel_requested()),
              ProgressText(job));
    return;
  }
  if (job.state() != v1::JOB_STATE_RUNNING || job.progress().of() <= 0) {
    ShowLine(ProgressText(job));
    return;
  }
  const double share = static_cast<double>(job.progress().step()) / job.progress().of();
  std::string after = SpeedText(job.progress());
  if (job.cancel_requested()) absl::StrAppend(&after, after.empty() ? "" : ", ", "cancel requested");
  ShowLine(LineWithBar(StepText(job.progress()), share, after, console_.columns()));
}

void ProgressDisplay::ShowDownload(const std::string& path, int64_t done, int64_t size) {
  const std::string name = absl::StrCat("downloading ", Printable(path));
  const std::string amount = absl::StrCat(BytesText(done), " of ", BytesText(size));
  if (!console_.err_is_terminal) {
    ShowPlain(name, absl::StrCat(name, ", ", amount));
    return;
  }
  const double share = size > 0 ? static_cast<double>(done) / static_cast<double>(size) : 1.0;
  ShowLine(LineWithBar(name, share, amount, console_.columns()));
}

void ProgressDisplay::Clear() {
  if (!line_is_drawn_) return;
  console_.err << "\r\x1b[K" << std::flush;
  line_is_drawn_ = false;
}

void ProgressDisplay::ShowLine(const std::string& line) {
  // The last column stays free: some terminals would wrap.
  const int width = std::max(console_.columns() - 1, 0);
  console_.err << '\r' << Shorten(line, width) << "\x1b[K" << std::flush;
  line_is_drawn_ = true;
}

void ProgressDisplay::ShowPlain(const std::string& key, const std::string& line) {
  const absl::Time now = console_.now();
  if (line == plain_line_ || (key == plain_key_ && now - plain_time_ < kPlainInterval)) return;
  console_.err << line << '\n' << std::flush;
  plain_key_ = key;
  plain_line_ = line;
  plain_time_ = now;
}

std::string ProgressBar(double share, int width) {
  const int filled = static_cast<int>(std::clamp(share, 0.0, 1.0) * width);
  return absl::StrCat("[", std::string(filled, '#'), std::string(width - filled, '.'), "]");
}

}  // namespace wan

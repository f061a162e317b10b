// Values as people read them.
#ifndef WAN_CLIENT_WANCTL_FORMAT_H_
#define WAN_CLIENT_WANCTL_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "wan/v1/admin.pb.h"
#include "wan/v1/job.pb.h"

namespace wan {

// "0.08 s", "4.2 s", "47 s", "3 min 20 s", "2 h 05 min", "3 d 4 h". Negative durations read as zero.
std::string DurationText(absl::Duration duration);

// "812 B", "9.6 kB", "1.2 MB": decimal units.
std::string BytesText(int64_t bytes);

// "1.5", "5", "0.1": the shortest text that means this number.
std::string NumberText(double number);

// Local time, "2026-11-25 12:40:07"; "-" for an unset one.
std::string TimeText(const google::protobuf::Timestamp& time);

absl::Duration ToDuration(const google::protobuf::Duration& duration);
absl::Time ToTime(const google::protobuf::Timestamp& time);

// The enum's name in lower case without its prefix: "queued", "encoding text", "ready".
std::string StateName(v1::JobState state);
std::string PhaseName(v1::Phase phase);
std::string RingStateName(v1::RingState state);
std::optional<v1::JobState> ParseStateName(absl::string_view name);

// Terminal columns that UTF-8 `text` takes; wide East Asian characters count two, combining marks none.
size_t DisplayWidth(absl::string_view text);

// The longest beginning of `text` that fits into `columns`, with "..." at its end where something is left out.
std::string Shorten(const std::string& text, size_t columns);

// Rows of cells with each column as wide as its widest cell, two spaces apart, no space at the end of a line.
std::string AlignColumns(const std::vector<std::vector<std::string>>& rows);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_FORMAT_H_

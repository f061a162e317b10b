#include "client/wanctl/format.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace wan {
namespace {

// "JOB_STATE_QUEUED" → "queued"
std::string EnumName(absl::string_view name, absl::string_view prefix) {
  if (name.empty()) return "unknown";
  return absl::StrReplaceAll(absl::AsciiStrToLower(absl::StripPrefix(name, prefix)), {{"_", " "}});
}

// Calls visit(bytes, width) for each character; bytes that are not UTF-8 count one column each.
template <typename Visit>
void ForEachCharacter(absl::string_view text, const Visit& visit) {
  while (!text.empty()) {
    utf8proc_int32_t character = 0;
    const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    utf8proc_ssize_t length = utf8proc_iterate(data, static_cast<utf8proc_ssize_t>(text.size()), &character);
    int width = 1;
    if (length <= 0) {
      length = 1;
    } else {
      width = std::max(0, utf8proc_charwidth(character));
    }
    visit(text.substr(0, length), static_cast<size_t>(width));
    text.remove_prefix(length);
  }
}

}  // namespace

std::string DurationText(absl::Duration duration) {
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(duration));
  if (seconds < 0.995) return absl::StrFormat("%.2f s", seconds);
  if (seconds < 9.95) return absl::StrFormat("%.1f s", seconds);
  const int64_t whole = absl::ToInt64Seconds(duration + absl::Milliseconds(500));
  if (whole < 60) return absl::StrCat(whole, " s");
  if (whole < 3600) return absl::StrFormat("%d min %02d s", whole / 60, whole % 60);
  if (whole < 24 * 3600) return absl::StrFormat("%d h %02d min", whole / 3600, whole % 3600 / 60);
  return absl::StrFormat("%d d %d h", whole / 86400, whole % 86400 / 3600);
}

std::string BytesText(int64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"kB", "MB", "GB", "TB", "PB"};
  if (bytes < 1000) return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (value /= 1000; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string NumberText(double number) {
  std::array<char, 32> text;  // the longest shortest form of a double has 24 characters
  const auto result = std::to_chars(text.data(), text.data() + text.size(), number);
  return std::string(text.data(), result.ptr);
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", ToTime(time), absl::LocalTimeZone());
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

std::string StateName(v1::JobState state) { return EnumName(v1::JobState_Name(state), "JOB_STATE_"); }
std::string PhaseName(v1::Phase phase) { return EnumName(v1::Phase_Name(phase), "PHASE_"); }
std::string RingStateName(v1::RingState state) { return EnumName(v1::RingState_Name(state), "RING_STATE_"); }

std::optional<v1::JobState> ParseStateName(absl::string_view name) {
  v1::JobState state;
  if (!v1::JobState_Parse(absl::StrCat("JOB_STATE_", absl::AsciiStrToUpper(name)), &state)) return std::nullopt;
  if (state == v1::JOB_STATE_UNSPECIFIED) return std::nullopt;
  return state;
}

size_t DisplayWidth(absl::string_view text) {
  size_t total = 0;
  ForEachCharacter(text, [&](absl::string_view, size_t width) { total += width; });
  return total;
}

std::string Shorten(const std::string& text, size_t columns) {
  if (DisplayWidth(text) <= columns) return text;
  const absl::string_view ellipsis = absl::string_view("...").substr(0, columns);
  std::string shortened;
  size_t used = ellipsis.size();
  bool fits = true;
  ForEachCharacter(text, [&](absl::string_view character, size_t width) {
    used += width;
    fits = fits && used <= columns;
    if (fits) absl::StrAppend(&shortened, character);
  });
  return absl::StrCat(shortened, ellipsis);
}

std::string AlignColumns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, row[i]);
      if (i + 1 < row.size()) line.append(widths[i] - DisplayWidth(row[i]) + 2, ' ');
    }
    absl::StrAppend(&text, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  return text;
}

}  // namespace wan

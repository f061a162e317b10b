#include "common/log.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace wan {
namespace {

LogOptions& Options() {
  static LogOptions options;
  return options;
}

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::DEBUG:
      return "DEBUG";
    case LogLevel::INFO:
      return "INFO";
    case LogLevel::WARNING:
      return "WARNING";
    case LogLevel::ERROR:
      return "ERROR";
  }
  return "ERROR";
}

const char* BaseName(const char* path) {
  const char* name = path;
  for (const char* p = path; *p != '\0'; ++p) {
    if (*p == '/') name = p + 1;
  }
  return name;
}

std::string TextLine(LogLevel level, const std::string& time, const std::string& where, absl::string_view message) {
  const std::string& process = Options().process;
  return absl::StrCat(time, " ", LevelName(level), " ", process, process.empty() ? "" : " ", where, "] ", message,
                      "\n");
}

std::string JsonLine(LogLevel level, const std::string& time, const std::string& where, absl::string_view message) {
  nlohmann::ordered_json line;
  line["time"] = time;
  line["level"] = LevelName(level);
  if (!Options().process.empty()) line["process"] = Options().process;
  line["source"] = where;
  line["message"] = std::string(message.data(), message.size());
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

void InitLog(LogOptions options) { Options() = std::move(options); }

bool LogEnabled(LogLevel level) { return level >= Options().minimum; }

void WriteLog(LogLevel level, const char* file, int line, absl::string_view message) {
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  const std::string where = absl::StrCat(BaseName(file), ":", line);
  const std::string text = Options().format == LogFormat::kJson ? JsonLine(level, time, where, message)
                                                                : TextLine(level, time, where, message);
  // Nothing can be done about a log that cannot be written.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

void CheckFailed(const char* file, int line, const char* condition) {
  WriteLog(LogLevel::ERROR, file, line, absl::StrCat("check failed: ", condition));
  std::abort();
}

}  // namespace wan

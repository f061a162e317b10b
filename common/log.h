// One log line per event, to stderr, as text or as JSON.
//
//   WAN_LOG(INFO) << "ring ready, generation " << generation;
//
// Any thread. A line is written with one write(2), so lines of several processes do not mix. The names LOG and CHECK
// belong to c10. Prompts are logged at DEBUG only.
#ifndef WAN_COMMON_LOG_H_
#define WAN_COMMON_LOG_H_

#include <sstream>
#include <string>

#include "absl/strings/string_view.h"

namespace wan {

enum class LogLevel { DEBUG, INFO, WARNING, ERROR };
enum class LogFormat { kText, kJson };

struct LogOptions {
  LogLevel minimum = LogLevel::INFO;
  LogFormat format = LogFormat::kText;
  std::string process;  // e.g. "server", "rank 0"; shown in each line
};

// Call once at start, before other threads exist.
void InitLog(LogOptions options);

bool LogEnabled(LogLevel level);

// Writes one line; what WAN_LOG uses.
void WriteLog(LogLevel level, const char* file, int line, absl::string_view message);

class LogMessage {
 public:
  LogMessage(LogLevel level, const char* file, int line) : level_(level), file_(file), line_(line) {}
  ~LogMessage() { WriteLog(level_, file_, line_, stream_.str()); }
  std::ostream& stream() { return stream_; }

 private:
  const LogLevel level_;
  const char* const file_;
  const int line_;
  std::ostringstream stream_;
};

// Prints the failed condition and aborts. For broken invariants of our own, never for bad input.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace wan

// The switch keeps an `else` after an unbraced `if (…) WAN_LOG(…)` from binding to the macro's own `if`.
#define WAN_LOG(level)                                \
  switch (0)                                          \
  case 0:                                             \
  default:                                            \
    if (!::wan::LogEnabled(::wan::LogLevel::level)) { \
    } else                                            \
      ::wan::LogMessage(::wan::LogLevel::level, __FILE__, __LINE__).stream()

#define WAN_CHECK(condition)                                              \
  do {                                                                    \
    if (!(condition)) ::wan::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)

#endif  // WAN_COMMON_LOG_H_

// Where the program reads from and writes to, so that a test can run it in its own process.
#ifndef WAN_CLIENT_WANCTL_CONSOLE_H_
#define WAN_CLIENT_WANCTL_CONSOLE_H_

#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include "absl/time/time.h"

namespace wan {

struct Console {
  std::ostream& out;             // data
  std::ostream& err;             // messages and progress
  bool err_has_colour = false;   // a terminal, and NO_COLOR is not set
  bool err_is_terminal = false;  // can rewrite its line
  std::function<int()> columns;  // width of the terminal
  std::function<absl::Time()> now;
  std::function<std::optional<std::string>(const char* name)> variable;  // environment
};

enum class Colour { kRed, kGreen, kYellow };

// `text` between the escape sequences of `colour` when `enabled`, else `text`.
std::string Paint(const std::string& text, Colour colour, bool enabled);

// What a server or another user wrote, safe to print on a terminal: control characters become spaces.
std::string Printable(const std::string& text);

}  // namespace wan

#endif  // WAN_CLIENT_WANCTL_CONSOLE_H_

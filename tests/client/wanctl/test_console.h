#ifndef WAN_TESTS_CLIENT_WANCTL_TEST_CONSOLE_H_
#define WAN_TESTS_CLIENT_WANCTL_TEST_CONSOLE_H_

#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "absl/time/time.h"
#include "client/wanctl/console.h"

namespace wan {

// A console whose streams, variables, width and clock a test holds.
struct TestConsole {
  std::ostringstream out;
  std::ostringstream err;
  std::map<std::string, std::string> variables;
  int columns = 80;
  absl::Time now = absl::FromUnixSeconds(1'700'000'100);

  Console Make(bool is_terminal = false, bool has_colour = false) {
    return {.out = out,
            .err = err,
            .err_has_colour = has_colour,
            .err_is_terminal = is_terminal,
            .columns = [this] { return columns; },
            .now = [this] { return now; },
            .variable = [this](const char* name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              if (found == variables.end()) return std::nullopt;
              return found->second;
            }};
  }
};

}  // namespace wan

#endif  // WAN_TESTS_CLIENT_WANCTL_TEST_CONSOLE_H_

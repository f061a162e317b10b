#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "client/wanctl/console.h"
#include "client/wanctl/interrupt.h"
#include "client/wanctl/run.h"

namespace {

std::optional<std::string> Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

int Columns() {
  constexpr int kDefaultColumns = 80;
  for (const int descriptor : {STDERR_FILENO, STDOUT_FILENO}) {
    winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return kDefaultColumns;
}

}  // namespace

int main(int argc, char** argv) {
  const wan::InterruptListener interrupt;
  // gRPC's own lines would stand between ours; every error reaches the user as a status.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);

  const bool is_dumb = Variable("TERM").value_or("dumb") == "dumb";
  const bool wants_colour = Variable("NO_COLOR").value_or("").empty() && !is_dumb;
  const wan::Console console = {.out = std::cout,
                                .err = std::cerr,
                                .err_has_colour = wants_colour && isatty(STDERR_FILENO) == 1,
                                .err_is_terminal = isatty(STDERR_FILENO) == 1 && !is_dumb,
                                .columns = Columns,
                                .now = [] { return absl::Now(); },
                                .variable = Variable};
  return wan::RunWanctl(std::vector<std::string>(argv + 1, argv + argc), console, interrupt.token());
}

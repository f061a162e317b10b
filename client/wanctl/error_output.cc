#include "client/wanctl/error_output.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/wanctl/format.h"
#include "client/wanctl/generation_flags.h"
#include "common/error.h"
#include "common/rpc/grpc_status.h"

namespace wan {
namespace {

void PrintLine(const Console& console, Colour colour, const std::string& message) {
  console.err << Paint("wanctl:", colour, console.err_has_colour) << ' ' << Printable(message) << '\n' << std::flush;
}

std::string Reason(const absl::Status& status) {
  const std::string reason = GetErrorDetails(status).reason;
  return reason.empty() ? "" : absl::StrCat(" (", reason, ")");
}

// What the code alone means, for a status without text.
std::string Message(const absl::Status& status) {
  return status.message().empty() ? absl::AsciiStrToLower(absl::StatusCodeToString(status.code()))
                                  : std::string(status.message());
}

}  // namespace

void PrintError(const Console& console, const absl::Status& status) {
  const ErrorDetails details = GetErrorDetails(status);
  if (details.violations.empty()) {
    PrintLine(console, Colour::kRed, Message(status) + Reason(status));
    return;
  }
  PrintLine(console, Colour::kRed,
            absl::StrCat("the request is not valid", details.reason == kInvalidSpec ? ":" : Reason(status) + ":"));
  for (const FieldViolation& violation : details.violations) {
    // The server counts what it left out in a violation without field.
    const std::string name = violation.field.empty() ? "" : absl::StrCat(FlagOfField(violation.field), ": ");
    console.err << Printable(name + violation.description) << '\n';
  }
  console.err << std::flush;
}

void PrintJobError(const Console& console, const v1::Job& job) {
  const absl::Status error = FromRpcStatus(job.error());
  std::string line = absl::StrCat("job ", job.job_id(), " ", StateName(job.state()));
  if (!error.ok()) absl::StrAppend(&line, ": ", Message(error), Reason(error));
  PrintLine(console, Colour::kRed, line);
}

void PrintWarning(const Console& console, const std::string& message) { PrintLine(console, Colour::kYellow, message); }

}  // namespace wan

#include "common/config/environment.h"

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "common/utf8.h"

namespace wan {
namespace {

bool IsVariableName(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  }
  return true;
}

// `reference` is what stands between the braces.
absl::StatusOr<std::string> Resolve(absl::string_view reference) {
  const size_t separator = reference.find(":-");
  const bool has_default = separator != absl::string_view::npos;
  const std::string name(reference.substr(0, separator));
  if (!IsVariableName(name)) {
    return absl::InvalidArgumentError(absl::StrCat(QuoteBriefly(absl::StrCat("${", reference, "}")),
                                                   " is not of the form ${NAME} or ${NAME:-default}"));
  }
  const char* value = std::getenv(name.c_str());
  if (has_default && (value == nullptr || *value == '\0')) return std::string(reference.substr(separator + 2));
  if (value == nullptr) return absl::InvalidArgumentError(absl::StrCat("environment variable ", name, " is not set"));
  if (!IsValidUtf8(value)) {
    return absl::InvalidArgumentError(absl::StrCat("environment variable ", name, " is not valid UTF-8"));
  }
  return std::string(value);
}

}  // namespace

absl::StatusOr<std::string> ExpandEnvironment(absl::string_view text) {
  std::string expanded;
  while (!text.empty()) {
    const size_t start = text.find('$');
    absl::StrAppend(&expanded, text.substr(0, start));
    if (start == absl::string_view::npos) break;
    text.remove_prefix(start);
    if (absl::StartsWith(text, "$${")) {
      absl::StrAppend(&expanded, "${");
      text.remove_prefix(3);
    } else if (absl::StartsWith(text, "${")) {
      const size_t end = text.find('}');
      if (end == absl::string_view::npos) {
        return absl::InvalidArgumentError(absl::StrCat(QuoteBriefly(text), " has no closing brace"));
      }
      WAN_ASSIGN_OR_RETURN(const std::string value, Resolve(text.substr(2, end - 2)));
      absl::StrAppend(&expanded, value);
      text.remove_prefix(end + 1);
    } else {
      absl::StrAppend(&expanded, "$");
      text.remove_prefix(1);
    }
  }
  return expanded;
}

}  // namespace wan

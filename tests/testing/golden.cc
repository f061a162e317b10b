#include "tests/testing/golden.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_split.h"

namespace wan {

nlohmann::json GoldenCase::ReadCaseJson() const {
  std::ifstream stream(folder() + "/case.json");
  return nlohmann::json::parse(stream);
}

std::vector<std::string> GoldenSets() {
  const char* source = std::getenv("WAN_SOURCE_DIR");
  std::vector<std::string> sets = {std::string(source == nullptr ? "." : source) + "/tests/golden"};
  if (const char* more = std::getenv("WAN_GOLDEN_DIR")) {
    for (const auto folder : absl::StrSplit(more, ':', absl::SkipEmpty())) sets.emplace_back(folder);
  }
  for (const std::string& set : sets) {
    if (std::filesystem::is_directory(set + "/cases")) continue;
    std::fprintf(stderr, "no golden cases in %s (see WAN_SOURCE_DIR and WAN_GOLDEN_DIR)\n", set.c_str());
    std::exit(1);
  }
  return sets;
}

std::vector<GoldenCase> GoldenCases(const std::string& pattern) {
  std::vector<GoldenCase> cases;
  for (const std::string& set : GoldenSets()) {
    const auto first_of_set = static_cast<std::ptrdiff_t>(cases.size());
    for (const auto& entry : std::filesystem::directory_iterator(set + "/cases")) {
      const std::string name = entry.path().filename().string();
      if (::fnmatch(pattern.c_str(), name.c_str(), 0) == 0) cases.push_back({set, name});
    }
    std::sort(cases.begin() + first_of_set, cases.end(),
              [](const GoldenCase& a, const GoldenCase& b) { return a.name < b.name; });
  }
  return cases;
}

}  // namespace wan

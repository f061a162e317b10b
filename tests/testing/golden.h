// Golden data for tests: expected results of the reference implementation.
//
//   <set>/cases/<case>/case.json, tensors.safetensors      <set>/models/<model>/  (Diffusers layout)
//
// Sets: tests/golden of the source tree, then the folders that WAN_GOLDEN_DIR names (separated by colons). Any dims,
// any cases: tests read them from the files. A set that is named but not there ends the test program.
#ifndef WAN_TESTS_TESTING_GOLDEN_H_
#define WAN_TESTS_TESTING_GOLDEN_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace wan {

struct GoldenCase {
  std::string set;   // folder
  std::string name;  // of the case

  std::string folder() const { return set + "/cases/" + name; }
  std::string ModelFolder(const std::string& model) const { return set + "/models/" + model; }
  nlohmann::json ReadCaseJson() const;
};

std::vector<std::string> GoldenSets();

// The cases whose name matches a pattern of fnmatch(3) ("text*"), of every set, by name.
std::vector<GoldenCase> GoldenCases(const std::string& pattern);

}  // namespace wan

#endif  // WAN_TESTS_TESTING_GOLDEN_H_

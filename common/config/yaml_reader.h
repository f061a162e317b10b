// Typed access to a YAML mapping: every error names the file and the path of the key, unknown keys are refused with
// the nearest known name, and a scalar may be ${NAME} or ${NAME:-default} from the environment.
//
//   WAN_ASSIGN_OR_RETURN(YamlReader root, YamlReader::Load(path));
//   config.address = root.Section("listen").String("address", "127.0.0.1:50051");
//   config.crf = root.Section("video").Int("crf", 18, {.min = 0, .max = 51});
//   return root.Finish();   // all faults at once, unknown keys included
//
// Readers are cheap handles on one document and its list of faults. One thread.
#ifndef WAN_COMMON_CONFIG_YAML_READER_H_
#define WAN_COMMON_CONFIG_YAML_READER_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace wan {

class YamlReader {
 public:
  struct IntRange {
    int64_t min = std::numeric_limits<int64_t>::min();
    int64_t max = std::numeric_limits<int64_t>::max();
  };

  static absl::StatusOr<YamlReader> Load(const std::string& path);
  static absl::StatusOr<YamlReader> Parse(const std::string& yaml, const std::string& name_in_errors);

  // The mapping under `key`; an absent one reads as empty. A value of another kind is a fault.
  YamlReader Section(absl::string_view key) const;
  // The mappings of the sequence under `key`; absent: none.
  std::vector<YamlReader> List(absl::string_view key) const;
  // The strings of the sequence under `key`; absent: `fallback`.
  std::vector<std::string> Strings(absl::string_view key, std::vector<std::string> fallback = {}) const;

  // The value under `key`, or the fallback when it is absent; a wrong type or range records a fault and gives the
  // fallback. The forms without a fallback record a fault when the key is absent.
  std::string String(absl::string_view key) const;
  std::string String(absl::string_view key, absl::string_view fallback) const;
  int64_t Int(absl::string_view key, int64_t fallback, IntRange range) const;
  int64_t Int(absl::string_view key, int64_t fallback) const { return Int(key, fallback, IntRange{}); }
  double Double(absl::string_view key, double fallback) const;
  bool Bool(absl::string_view key, bool fallback) const;
  // One of `allowed`.
  std::string Choice(absl::string_view key, absl::string_view fallback, const std::vector<std::string>& allowed) const;

  bool Has(absl::string_view key) const;
  // Path of `key` in this mapping, as faults name it: "parallel.layout.ulysses".
  std::string PathOf(absl::string_view key) const;
  // Records a fault of the caller's own at `key`.
  void Fault(absl::string_view key, absl::string_view message) const;

  // INVALID_ARGUMENT listing every fault with file and path, among them keys of visited mappings that nobody read.
  absl::Status Finish() const;

 private:
  struct Document;
  struct Node;
  YamlReader(std::shared_ptr<Document> document, std::shared_ptr<Node> node);
  std::optional<std::string> Scalar(absl::string_view key) const;
  void BadValue(absl::string_view key, absl::string_view what) const;

  std::shared_ptr<Document> document_;
  std::shared_ptr<Node> node_;
};

}  // namespace wan

#endif  // WAN_COMMON_CONFIG_YAML_READER_H_

#include "common/config/yaml_reader.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/environment.h"
#include "common/nearest_name.h"
#include "common/utf8.h"

namespace wan {
namespace {

constexpr int kMaxDepth = 64;        // aliases can make a document that contains itself
constexpr int kMaxValues = 100'000;  // or one of exponential size
constexpr size_t kMaxFileBytes = 16 << 20;

bool IsPresent(const YAML::Node& node) { return node.IsDefined() && !node.IsNull(); }

const char* KindOf(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  if (node.IsScalar()) return "a single value";
  return "nothing";
}

}  // namespace

struct YamlReader::Document {
  std::string name;
  std::vector<std::string> faults;
  std::vector<std::shared_ptr<Node>> visited;  // in the order of the visits

  void AddFault(const YAML::Mark& mark, const std::string& path, absl::string_view message) {
    std::string where = name;
    if (!mark.is_null()) absl::StrAppend(&where, ":", mark.line + 1);
    if (!path.empty()) absl::StrAppend(&where, ": ", path);
    faults.push_back(absl::StrCat(where, ": ", message));
  }

  void FindDuplicateKeys(const YAML::Node& node, const std::string& path, int depth, int* count);
};

struct YamlReader::Node {
  YAML::Node yaml;  // null where the mapping is absent
  std::string path;
  std::set<std::string> known;                            // keys that somebody asked for
  std::map<std::string, std::shared_ptr<Node>> children;  // "key" or "key[3]"; one node for each, however often visited

  std::string PathOf(absl::string_view key) const {
    return path.empty() ? std::string(key) : absl::StrCat(path, ".", key);
  }

  // The value under `key`, null when absent. Through a const reference: operator[] of a mutable node inserts.
  YAML::Node Value(absl::string_view key) {
    known.insert(std::string(key));
    const YAML::Node& mapping = yaml;
    if (!mapping.IsMap()) return YAML::Node();
    const YAML::Node value = mapping[std::string(key)];
    return value.IsDefined() ? value : YAML::Node();
  }

  // Where a fault about `key` is: at the key, else at the mapping.
  YAML::Mark MarkOf(absl::string_view key) const {
    if (!yaml.IsMap()) return YAML::Mark::null_mark();
    for (const auto& entry : yaml) {
      if (entry.first.IsScalar() && entry.first.Scalar() == key) return entry.first.Mark();
    }
    return yaml.Mark();
  }
};

void YamlReader::Document::FindDuplicateKeys(const YAML::Node& node, const std::string& path, int depth, int* count) {
  if (depth > kMaxDepth || ++*count > kMaxValues) {
    if (*count <= kMaxValues) AddFault(node.Mark(), path, absl::StrCat("nested more than ", kMaxDepth, " deep"));
    *count = kMaxValues + 1;  // one fault is enough; stop everywhere
    return;
  }
  if (node.IsSequence()) {
    for (size_t i = 0; i < node.size(); ++i)
      FindDuplicateKeys(node[i], absl::StrCat(path, "[", i, "]"), depth + 1, count);
  }
  if (!node.IsMap()) return;
  std::map<std::string, int> lines;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      AddFault(entry.first.Mark(), path, "a key must be a plain name");
      continue;
    }
    const std::string& key = entry.first.Scalar();
    const std::string key_path = path.empty() ? key : absl::StrCat(path, ".", key);
    const auto [first, is_new] = lines.emplace(key, entry.first.Mark().line + 1);
    if (!is_new) {
      AddFault(entry.first.Mark(), key_path, absl::StrCat("given twice, first in line ", first->second));
    }
    FindDuplicateKeys(entry.second, key_path, depth + 1, count);
  }
}

YamlReader::YamlReader(std::shared_ptr<Document> document, std::shared_ptr<Node> node)
    : document_(std::move(document)), node_(std::move(node)) {}

absl::StatusOr<YamlReader> YamlReader::Load(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("open ", path, ": ", std::strerror(errno)));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (!file.eof() && file.fail())) {
    return absl::InvalidArgumentError(absl::StrCat("read ", path, ": ", std::strerror(errno)));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return Parse(text, path);
}

absl::StatusOr<YamlReader> YamlReader::Parse(const std::string& yaml, const std::string& name_in_errors) {
  if (yaml.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(name_in_errors, ": more than ", kMaxFileBytes, " bytes"));
  }
  if (const auto bad = FirstInvalidUtf8Byte(yaml)) {
    return absl::InvalidArgumentError(absl::StrCat(name_in_errors, ": byte ", *bad, " is not valid UTF-8"));
  }
  auto document = std::make_shared<Document>();
  document->name = name_in_errors;
  auto root = std::make_shared<Node>();
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(yaml);
    if (documents.size() > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(name_in_errors, ": holds ", documents.size(), " documents (\"---\"), one is allowed"));
    }
    if (!documents.empty()) root->yaml = documents[0];
    if (!root->yaml.IsNull() && !root->yaml.IsMap()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name_in_errors, ": must be a mapping of keys, not ", KindOf(root->yaml)));
    }
    int count = 0;
    document->FindDuplicateKeys(root->yaml, "", 0, &count);
    if (count > kMaxValues) {
      if (document->faults.empty()) document->AddFault(YAML::Mark::null_mark(), "", "holds too many values");
      return absl::InvalidArgumentError(absl::StrJoin(document->faults, "; "));
    }
  } catch (const YAML::Exception& error) {  // the one place where yaml-cpp throws on bad input
    return absl::InvalidArgumentError(absl::StrCat(name_in_errors, ":", error.mark.line + 1, ": column ",
                                                   error.mark.column + 1, ": not YAML: ", error.msg));
  }
  document->visited.push_back(root);
  return YamlReader(std::move(document), std::move(root));
}

YamlReader YamlReader::Section(absl::string_view key) const {
  std::shared_ptr<Node>& child = node_->children[std::string(key)];
  if (child == nullptr) {
    child = std::make_shared<Node>();
    child->path = node_->PathOf(key);
    const YAML::Node value = node_->Value(key);
    if (value.IsMap()) {
      child->yaml = value;
      document_->visited.push_back(child);
    } else if (IsPresent(value)) {
      Fault(key, absl::StrCat("must be a mapping, not ", KindOf(value)));
    }
  }
  return YamlReader(document_, child);
}

std::vector<YamlReader> YamlReader::List(absl::string_view key) const {
  std::vector<YamlReader> readers;
  const YAML::Node value = node_->Value(key);
  if (!IsPresent(value)) return readers;
  if (!value.IsSequence()) {
    Fault(key, absl::StrCat("must be a list of mappings, not ", KindOf(value)));
    return readers;
  }
  for (size_t i = 0; i < value.size(); ++i) {
    const std::string name = absl::StrCat(key, "[", i, "]");
    std::shared_ptr<Node>& child = node_->children[name];
    if (child == nullptr) {
      child = std::make_shared<Node>();
      child->path = node_->PathOf(name);
      const YAML::Node element = value[i];
      if (element.IsMap()) {
        child->yaml = element;
        document_->visited.push_back(child);
      } else {
        document_->AddFault(element.Mark(), child->path, absl::StrCat("must be a mapping, not ", KindOf(element)));
      }
    }
    if (child->yaml.IsMap()) readers.push_back(YamlReader(document_, child));
  }
  return readers;
}

std::vector<std::string> YamlReader::Strings(absl::string_view key, std::vector<std::string> fallback) const {
  const YAML::Node value = node_->Value(key);
  if (!IsPresent(value)) return fallback;
  if (!value.IsSequence()) {
    Fault(key, absl::StrCat("must be a list, not ", KindOf(value)));
    return fallback;
  }
  std::vector<std::string> strings;
  for (size_t i = 0; i < value.size(); ++i) {
    const YAML::Node element = value[i];
    const std::string path = absl::StrCat(node_->PathOf(key), "[", i, "]");
    if (!element.IsScalar()) {
      document_->AddFault(element.Mark(), path, absl::StrCat("must be a single value, not ", KindOf(element)));
      continue;
    }
    absl::StatusOr<std::string> text = ExpandEnvironment(element.Scalar());
    if (text.ok()) {
      strings.push_back(*std::move(text));
    } else {
      document_->AddFault(element.Mark(), path, text.status().message());
    }
  }
  return strings;
}

// The expanded scalar under `key`; nullopt when it is absent, or is a fault, which is then recorded.
std::optional<std::string> YamlReader::Scalar(absl::string_view key) const {
  const YAML::Node value = node_->Value(key);
  if (!value.IsScalar()) {
    if (IsPresent(value)) {
      Fault(key, absl::StrCat("must be a single value, not ", KindOf(value)));
    } else if (Has(key)) {
      Fault(key, "has no value");
    }
    return std::nullopt;
  }
  absl::StatusOr<std::string> text = ExpandEnvironment(value.Scalar());
  if (text.ok()) return *std::move(text);
  Fault(key, text.status().message());
  return std::nullopt;
}

// Records that the value under `key` is bad. It is quoted as written: what the environment holds may be a secret.
void YamlReader::BadValue(absl::string_view key, absl::string_view what) const {
  Fault(key, absl::StrCat(QuoteBriefly(node_->Value(key).Scalar()), " ", what));
}

std::string YamlReader::String(absl::string_view key) const {
  if (!Has(key)) Fault(key, "is required");
  return Scalar(key).value_or("");
}

std::string YamlReader::String(absl::string_view key, absl::string_view fallback) const {
  return Scalar(key).value_or(std::string(fallback));
}

int64_t YamlReader::Int(absl::string_view key, int64_t fallback, IntRange range) const {
  const std::optional<std::string> text = Scalar(key);
  if (!text.has_value()) return fallback;
  int64_t value = 0;
  if (!absl::SimpleAtoi(*text, &value)) {
    BadValue(key, "is not a whole number of 64 bits");
    return fallback;
  }
  if (value < range.min || value > range.max) {
    BadValue(key, range.max == IntRange{}.max   ? absl::StrCat("must be at least ", range.min)
                  : range.min == IntRange{}.min ? absl::StrCat("must be at most ", range.max)
                                                : absl::StrCat("must be from ", range.min, " to ", range.max));
    return fallback;
  }
  return value;
}

double YamlReader::Double(absl::string_view key, double fallback) const {
  const std::optional<std::string> text = Scalar(key);
  if (!text.has_value()) return fallback;
  double value = 0;
  if (!absl::SimpleAtod(*text, &value) || !std::isfinite(value)) {
    BadValue(key, "is not a finite number");
    return fallback;
  }
  return value;
}

bool YamlReader::Bool(absl::string_view key, bool fallback) const {
  const std::optional<std::string> text = Scalar(key);
  if (!text.has_value()) return fallback;
  if (*text != "true" && *text != "false") {
    BadValue(key, "must be true or false");
    return fallback;
  }
  return *text == "true";
}

std::string YamlReader::Choice(absl::string_view key, absl::string_view fallback,
                               const std::vector<std::string>& allowed) const {
  const std::optional<std::string> text = Scalar(key);
  if (!text.has_value()) return std::string(fallback);
  for (const std::string& name : allowed) {
    if (*text == name) return name;
  }
  const std::optional<std::string> nearest = NearestName(*text, allowed);
  BadValue(key, absl::StrCat("must be one of ", absl::StrJoin(allowed, ", "),
                             nearest.has_value() ? absl::StrCat("; did you mean ", *nearest, "?") : ""));
  return std::string(fallback);
}

bool YamlReader::Has(absl::string_view key) const {
  node_->known.insert(std::string(key));
  const YAML::Node& mapping = node_->yaml;
  return mapping.IsMap() && mapping[std::string(key)].IsDefined();
}

std::string YamlReader::PathOf(absl::string_view key) const { return node_->PathOf(key); }

void YamlReader::Fault(absl::string_view key, absl::string_view message) const {
  document_->AddFault(node_->MarkOf(key), node_->PathOf(key), message);
}

absl::Status YamlReader::Finish() const {
  std::vector<std::string> faults = document_->faults;
  Document unknown{.name = document_->name, .faults = {}, .visited = {}};
  for (const std::shared_ptr<Node>& node : document_->visited) {
    const std::vector<std::string> known(node->known.begin(), node->known.end());
    for (const auto& entry : node->yaml) {
      if (!entry.first.IsScalar() || node->known.count(entry.first.Scalar()) > 0) continue;
      const std::optional<std::string> nearest = NearestName(entry.first.Scalar(), known);
      unknown.AddFault(entry.first.Mark(), node->PathOf(entry.first.Scalar()),
                       nearest.has_value() ? absl::StrCat("unknown key; did you mean ", *nearest, "?")
                       : known.empty()     ? std::string("unknown key")
                                           : absl::StrCat("unknown key; known here: ", absl::StrJoin(known, ", ")));
    }
  }
  faults.insert(faults.end(), unknown.faults.begin(), unknown.faults.end());
  if (faults.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(faults, "; "));
}

}  // namespace wan

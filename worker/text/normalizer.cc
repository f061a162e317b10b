#include "worker/text/normalizer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "worker/text/precompiled_charsmap.h"
#include "worker/text/unicode.h"

namespace wan {
namespace {

constexpr int kDeepestSequence = 8;  // of sequences in sequences; a hostile file must not exhaust the stack

std::string Strip(const std::string& text, bool left, bool right) {
  const std::u32string characters = DecodeUtf8(text);
  auto begin = characters.begin(), end = characters.end();
  if (left) begin = std::find_if_not(begin, end, IsWhiteSpace);
  while (right && begin != end && IsWhiteSpace(*(end - 1))) --end;
  return EncodeUtf8({characters.data() + (begin - characters.begin()), static_cast<size_t>(end - begin)});
}

// Every run of at least two spaces becomes `content`.
std::string ReplaceSpaceRuns(const std::string& text, const std::string& content) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    const size_t end = std::min(text.find_first_not_of(' ', i), text.size());
    if (end - i >= 2) {
      result += content;
      i = end;
    } else {
      result += text[i++];
    }
  }
  return result;
}

// Code point by code point as Rust's char::to_lowercase: U+0130 is the one whose lower case has two.
std::string ToLowerCase(const std::string& text) {
  std::u32string result;
  for (const char32_t c : DecodeUtf8(text)) {
    result.push_back(c == U'\u0130' ? U'i' : LowerCase(c));
    if (c == U'\u0130') result.push_back(U'\u0307');
  }
  return EncodeUtf8(result);
}

// Drops what nmt_nfkc drops and makes spaces of what it makes spaces of.
std::string Nmt(const std::string& text) {
  std::u32string result;
  for (const char32_t c : DecodeUtf8(text)) {
    const bool is_dropped =
        (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
    if (is_dropped) continue;
    const bool is_space = c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 ||
                          (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF ||
                          c == 0xFFFD;
    result.push_back(is_space ? U' ' : c);
  }
  return EncodeUtf8(result);
}

}  // namespace

absl::StatusOr<Normalizer> Normalizer::FromJson(const JsonNode& node) {
  Normalizer result;
  WAN_RETURN_IF_ERROR(AddSteps(node, 0, &result.steps_));
  return result;
}

absl::Status Normalizer::AddSteps(const JsonNode& node, int depth, std::vector<Step>* steps) {
  WAN_ASSIGN_OR_RETURN(const std::string type, node.String("type"));
  if (type == "Sequence") {
    if (depth == kDeepestSequence) return node.Unsupported("sequences are nested too deeply");
    WAN_ASSIGN_OR_RETURN(const JsonNode member, node.Member("normalizers"));
    WAN_ASSIGN_OR_RETURN(const std::vector<JsonNode> elements, member.Elements());
    for (const JsonNode& element : elements) WAN_RETURN_IF_ERROR(AddSteps(element, depth + 1, steps));
    return absl::OkStatus();
  }
  if (type == "Precompiled") {
    WAN_ASSIGN_OR_RETURN(const JsonNode member, node.Member("precompiled_charsmap"));
    WAN_ASSIGN_OR_RETURN(const std::string base64, member.String());
    std::string bytes;
    if (!absl::Base64Unescape(base64, &bytes)) return member.Fault("is not base64");
    absl::StatusOr<PrecompiledCharsmap> parsed = PrecompiledCharsmap::Parse(bytes);
    if (!parsed.ok()) return member.Fault(parsed.status().message());
    const auto charsmap = std::make_shared<const PrecompiledCharsmap>(*std::move(parsed));
    steps->push_back([charsmap](std::string text) { return charsmap->Normalize(text); });
    return absl::OkStatus();
  }
  if (type == "Strip") {
    WAN_ASSIGN_OR_RETURN(const bool left, node.Bool("strip_left"));
    WAN_ASSIGN_OR_RETURN(const bool right, node.Bool("strip_right"));
    steps->push_back([left, right](std::string text) { return Strip(text, left, right); });
    return absl::OkStatus();
  }
  if (type == "Replace") {
    WAN_ASSIGN_OR_RETURN(const std::string content, node.String("content"));
    WAN_ASSIGN_OR_RETURN(const JsonNode pattern, node.Member("pattern"));
    if (pattern.Find("Regex")) {
      WAN_ASSIGN_OR_RETURN(const std::string regex, pattern.String("Regex"));
      if (regex != " {2,}") {
        return pattern.Unsupported(absl::StrCat("the pattern ", QuoteBriefly(regex),
                                                " is not supported, only \" {2,}\" and plain strings are"));
      }
      steps->push_back([content](std::string text) { return ReplaceSpaceRuns(text, content); });
    } else {
      WAN_ASSIGN_OR_RETURN(const std::string plain, pattern.String("String"));
      if (plain.empty()) return pattern.Unsupported("an empty string cannot be replaced");
      steps->push_back([plain, content](std::string text) { return absl::StrReplaceAll(text, {{plain, content}}); });
    }
    return absl::OkStatus();
  }
  if (type == "Prepend") {
    WAN_ASSIGN_OR_RETURN(const std::string prefix, node.String("prepend"));
    steps->push_back([prefix](std::string text) { return text.empty() ? text : prefix + text; });
    return absl::OkStatus();
  }
  if (type == "Lowercase") {
    steps->push_back([](std::string text) { return ToLowerCase(text); });
    return absl::OkStatus();
  }
  if (type == "Nmt") {
    steps->push_back([](std::string text) { return Nmt(text); });
    return absl::OkStatus();
  }
  static constexpr std::pair<const char*, NormalForm> kForms[] = {
      {"NFC", NormalForm::kNfc}, {"NFD", NormalForm::kNfd}, {"NFKC", NormalForm::kNfkc}, {"NFKD", NormalForm::kNfkd}};
  for (const auto& [name, form] : kForms) {
    if (type != name) continue;
    steps->push_back([form = form](std::string text) { return wan::Normalize(text, form); });
    return absl::OkStatus();
  }
  return node.Unsupported(absl::StrCat("the normalizer ", QuoteBriefly(type), " is not supported"));
}

std::string Normalizer::Apply(absl::string_view utf8) const {
  std::string text(utf8);
  for (const Step& step : steps_) text = step(std::move(text));
  return text;
}

}  // namespace wan

#include "worker/text/pre_tokenizer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "worker/text/unicode.h"

namespace wan {
namespace {

constexpr int kDeepestSequence = 8;  // of sequences in sequences; a hostile file must not exhaust the stack

}  // namespace

absl::StatusOr<PreTokenizer> PreTokenizer::FromJson(const JsonNode& node) {
  PreTokenizer result;
  WAN_RETURN_IF_ERROR(AddSteps(node, 0, &result.steps_));
  return result;
}

absl::Status PreTokenizer::AddSteps(const JsonNode& node, int depth, std::vector<Step>* steps) {
  WAN_ASSIGN_OR_RETURN(const std::string type, node.String("type"));
  if (type == "Sequence") {
    if (depth == kDeepestSequence) return node.Unsupported("sequences are nested too deeply");
    WAN_ASSIGN_OR_RETURN(const JsonNode member, node.Member("pretokenizers"));
    WAN_ASSIGN_OR_RETURN(const std::vector<JsonNode> elements, member.Elements());
    for (const JsonNode& element : elements) WAN_RETURN_IF_ERROR(AddSteps(element, depth + 1, steps));
    return absl::OkStatus();
  }
  if (type == "WhitespaceSplit") {
    steps->push_back({.kind = Kind::kWhitespaceSplit});
    return absl::OkStatus();
  }
  if (type == "Metaspace") {
    WAN_ASSIGN_OR_RETURN(Step step, MetaspaceFromJson(node));
    steps->push_back(std::move(step));
    return absl::OkStatus();
  }
  return node.Unsupported(absl::StrCat("the pre-tokenizer ", QuoteBriefly(type), " is not supported"));
}

absl::StatusOr<PreTokenizer::Step> PreTokenizer::MetaspaceFromJson(const JsonNode& node) {
  Step step{.kind = Kind::kMetaspace};
  WAN_ASSIGN_OR_RETURN(step.replacement, node.String("replacement"));
  if (DecodeUtf8(step.replacement).size() != 1) return node.Fault("\"replacement\" must be one character");
  if (node.Find("prepend_scheme")) {
    WAN_ASSIGN_OR_RETURN(const std::string scheme, node.String("prepend_scheme"));
    if (scheme == "first") {
      step.prepend_scheme = PrependScheme::kFirst;
    } else if (scheme == "never") {
      step.prepend_scheme = PrependScheme::kNever;
    } else if (scheme != "always") {
      return node.Fault(absl::StrCat("\"prepend_scheme\" is ", QuoteBriefly(scheme)));
    }
  }
  if (node.Find("add_prefix_space")) {  // of older files
    WAN_ASSIGN_OR_RETURN(const bool adds_prefix, node.Bool("add_prefix_space"));
    if (!adds_prefix && step.prepend_scheme != PrependScheme::kNever) {
      return node.Fault("\"add_prefix_space\" does not match \"prepend_scheme\"");
    }
  }
  if (node.Find("split")) {
    WAN_ASSIGN_OR_RETURN(step.splits, node.Bool("split"));
  }
  return step;
}

void PreTokenizer::Metaspace(const Step& step, Piece piece, std::vector<Piece>* pieces) {
  std::string text = absl::StrReplaceAll(piece.text, {{" ", step.replacement}});
  const bool prepends = step.prepend_scheme == PrependScheme::kAlways ||
                        (step.prepend_scheme == PrependScheme::kFirst && piece.begins_prompt);
  if (prepends && !absl::StartsWith(text, step.replacement)) text.insert(0, step.replacement);
  if (!step.splits) {
    pieces->push_back({std::move(text), piece.begins_prompt});
    return;
  }
  for (size_t begin = 0; begin < text.size();) {  // every replacement begins a piece
    const size_t end = std::min(text.find(step.replacement, begin + 1), text.size());
    pieces->push_back({text.substr(begin, end - begin), piece.begins_prompt && begin == 0});
    begin = end;
  }
}

void PreTokenizer::SplitAtWhiteSpace(const Piece& piece, std::vector<Piece>* pieces) {
  std::u32string word;
  bool begins_prompt = piece.begins_prompt;
  const auto finish = [&] {
    if (!word.empty()) pieces->push_back({EncodeUtf8(word), begins_prompt});
    begins_prompt = false;
    word.clear();
  };
  for (const char32_t c : DecodeUtf8(piece.text)) {
    IsWhiteSpace(c) ? finish() : word.push_back(c);
  }
  finish();
}

std::vector<PreTokenizer::Piece> PreTokenizer::Split(Piece piece) const {
  std::vector<Piece> pieces;
  if (!piece.text.empty()) pieces.push_back(std::move(piece));
  for (const Step& step : steps_) {
    std::vector<Piece> next;
    for (Piece& part : pieces) {
      if (step.kind == Kind::kMetaspace) {
        Metaspace(step, std::move(part), &next);
      } else {
        SplitAtWhiteSpace(part, &next);
      }
    }
    pieces = std::move(next);
  }
  return pieces;
}

}  // namespace wan

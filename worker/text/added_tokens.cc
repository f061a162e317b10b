#include "worker/text/added_tokens.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "worker/text/unicode.h"

namespace wan {
namespace {

size_t LastCharacterBegin(absl::string_view utf8) {
  size_t begin = utf8.size() - 1;
  while (begin > 0 && (static_cast<unsigned char>(utf8[begin]) & 0xC0) == 0x80) --begin;
  return begin;
}

char32_t LastCharacter(absl::string_view utf8) { return DecodeUtf8(utf8.substr(LastCharacterBegin(utf8))).back(); }

char32_t FirstCharacter(absl::string_view utf8) { return DecodeUtf8(utf8.substr(0, Utf8SequenceLength(utf8[0])))[0]; }

size_t SizeWithoutTrailingSpace(absl::string_view utf8) {
  while (!utf8.empty() && IsWhiteSpace(LastCharacter(utf8))) utf8 = utf8.substr(0, LastCharacterBegin(utf8));
  return utf8.size();
}

size_t LeadingSpace(absl::string_view utf8) {
  size_t length = 0;
  while (length < utf8.size() && IsWhiteSpace(FirstCharacter(utf8.substr(length)))) {
    length += Utf8SequenceLength(utf8[length]);
  }
  return length;
}

}  // namespace

absl::StatusOr<AddedTokens> AddedTokens::FromJson(const JsonNode& node, const UnigramModel& model,
                                                  const Normalizer& normalizer) {
  AddedTokens result;
  std::map<std::string, int64_t> ids;  // of tokens that the model does not know
  std::vector<std::pair<std::string, int32_t>> raw, normalized;
  WAN_ASSIGN_OR_RETURN(const std::vector<JsonNode> elements, node.Elements());
  for (const JsonNode& element : elements) {
    WAN_ASSIGN_OR_RETURN(const std::string content, element.String("content"));
    if (content.empty()) continue;
    const std::optional<int32_t> known = model.TokenToId(content);
    const int64_t id =
        known ? *known : ids.emplace(content, model.vocab_size() + static_cast<int64_t>(ids.size())).first->second;
    WAN_ASSIGN_OR_RETURN(const JsonNode id_node, element.Member("id"));
    WAN_ASSIGN_OR_RETURN(const int64_t said, id_node.Integer(0, std::numeric_limits<int32_t>::max()));
    if (said != id) {
      WAN_LOG(WARNING) << id_node.Fault(absl::StrCat("id ", said, ", but by the vocabulary it is ", id)).message();
    }
    Token token{.id = id};
    WAN_ASSIGN_OR_RETURN(token.single_word, element.Bool("single_word"));
    WAN_ASSIGN_OR_RETURN(token.lstrip, element.Bool("lstrip"));
    WAN_ASSIGN_OR_RETURN(token.rstrip, element.Bool("rstrip"));
    WAN_ASSIGN_OR_RETURN(const bool is_normalized, element.Bool("normalized"));
    const std::string pattern = is_normalized ? normalizer.Apply(content) : content;
    if (pattern.empty()) return element.Fault("nothing is left of its content after normalising");
    (is_normalized ? normalized : raw).emplace_back(pattern, static_cast<int32_t>(result.tokens_.size()));
    result.tokens_.push_back(token);
    result.max_id_ = std::max(result.max_id_, id);
  }
  result.raw_ = PrefixTable(std::move(raw));
  result.normalized_ = PrefixTable(std::move(normalized));
  return result;
}

std::vector<AddedTokens::Span> AddedTokens::Split(absl::string_view utf8, const PrefixTable& patterns) const {
  std::vector<Span> spans;
  size_t covered = 0;  // all before is in spans
  for (size_t i = 0; i < utf8.size();) {
    size_t length = 0;
    int32_t index = 0;
    patterns.VisitPrefixes(utf8.substr(i), [&](size_t l, int32_t value) {
      length = l;
      index = value;
    });
    if (length == 0) {
      i += Utf8SequenceLength(utf8[i]);
      continue;
    }
    const Token& token = tokens_[static_cast<size_t>(index)];
    size_t begin = i, end = i + length;
    i = end;  // where the search goes on, even when the match is refused
    if (token.single_word) {
      const bool joins_left = begin > 0 && IsWordCharacter(LastCharacter(utf8.substr(0, begin)));
      const bool joins_right = end < utf8.size() && IsWordCharacter(FirstCharacter(utf8.substr(end)));
      if (joins_left || joins_right) continue;
    }
    if (token.lstrip) begin = std::max(SizeWithoutTrailingSpace(utf8.substr(0, begin)), covered);
    if (token.rstrip) end += LeadingSpace(utf8.substr(end));
    if (covered < begin) spans.push_back({utf8.substr(covered, begin - covered), std::nullopt});
    spans.push_back({utf8.substr(begin, end - begin), token.id});
    covered = end;
  }
  if (covered < utf8.size()) spans.push_back({utf8.substr(covered), std::nullopt});
  return spans;
}

}  // namespace wan

#include "worker/text/umt5_tokenizer.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "worker/checkpoint/json_file.h"
#include "worker/text/unicode.h"

namespace wan {
namespace {

constexpr std::uintmax_t kLargestFile = 256 << 20;  // bytes; that of UMT5-XXL has 17 million

// "special_tokens" of the template gives each name its ids.
absl::StatusOr<std::vector<int64_t>> SpecialTokenIds(const JsonNode& special_tokens, const JsonNode& item) {
  WAN_ASSIGN_OR_RETURN(const std::string name, item.String("id"));
  WAN_ASSIGN_OR_RETURN(const JsonNode token, special_tokens.Member(name.c_str()));
  WAN_ASSIGN_OR_RETURN(const JsonNode list, token.Member("ids"));
  WAN_ASSIGN_OR_RETURN(const std::vector<JsonNode> elements, list.Elements());
  std::vector<int64_t> ids;
  for (const JsonNode& element : elements) {
    WAN_ASSIGN_OR_RETURN(const int64_t id, element.Integer(0, std::numeric_limits<int32_t>::max()));
    ids.push_back(id);
  }
  return ids;
}

}  // namespace

absl::StatusOr<Umt5Tokenizer> Umt5Tokenizer::Load(const std::string& tokenizer_folder) {
  const std::string path = tokenizer_folder + "/tokenizer.json";
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return absl::FailedPreconditionError(absl::StrCat(path, ": ", error.message()));
  if (size > kLargestFile) return absl::DataLossError(absl::StrCat(path, ": ", size, " bytes are too many"));
  WAN_ASSIGN_OR_RETURN(const nlohmann::json json, ReadJsonFile(path));
  const JsonNode root(json, path);

  WAN_ASSIGN_OR_RETURN(const JsonNode model_node, root.Member("model"));
  WAN_ASSIGN_OR_RETURN(UnigramModel model, UnigramModel::FromJson(model_node));
  Normalizer normalizer;
  if (const auto node = root.Find("normalizer")) {
    WAN_ASSIGN_OR_RETURN(normalizer, Normalizer::FromJson(*node));
  }
  Umt5Tokenizer result(std::move(model), std::move(normalizer));
  if (const auto node = root.Find("added_tokens")) {
    WAN_ASSIGN_OR_RETURN(result.added_tokens_, AddedTokens::FromJson(*node, result.model_, result.normalizer_));
  }
  if (const auto node = root.Find("pre_tokenizer")) {
    WAN_ASSIGN_OR_RETURN(result.pre_tokenizer_, PreTokenizer::FromJson(*node));
  }
  result.max_id_ = std::max(result.model_.vocab_size() - 1, result.added_tokens_.max_id());
  WAN_ASSIGN_OR_RETURN(const JsonNode template_node, root.Member("post_processor"));
  WAN_RETURN_IF_ERROR(result.ReadTemplate(template_node));
  return result;
}

absl::Status Umt5Tokenizer::ReadTemplate(const JsonNode& node) {
  WAN_ASSIGN_OR_RETURN(const std::string type, node.String("type"));
  if (type != "TemplateProcessing") {
    return node.Unsupported(absl::StrCat("the post-processor ", QuoteBriefly(type), " is not supported"));
  }
  WAN_ASSIGN_OR_RETURN(const JsonNode special_tokens, node.Member("special_tokens"));
  WAN_ASSIGN_OR_RETURN(const JsonNode single, node.Member("single"));
  WAN_ASSIGN_OR_RETURN(const std::vector<JsonNode> items, single.Elements());
  bool has_prompt = false;
  for (const JsonNode& item : items) {
    if (item.Find("Sequence")) {
      if (has_prompt) return single.Unsupported("the prompt is there twice");
      has_prompt = true;
      continue;
    }
    WAN_ASSIGN_OR_RETURN(const JsonNode special, item.Member("SpecialToken"));
    WAN_ASSIGN_OR_RETURN(const std::vector<int64_t> ids, SpecialTokenIds(special_tokens, special));
    for (const int64_t id : ids) {
      if (id > max_id_) return special.Fault(absl::StrCat("id ", id, " is not in the vocabulary"));
      (has_prompt ? suffix_ : prefix_).push_back(id);
    }
  }
  if (!has_prompt) return single.Fault("the prompt is not in it");
  if (suffix_.empty()) return single.Unsupported("it does not end the prompt with a special token");
  return absl::OkStatus();
}

TokenizedPrompt Umt5Tokenizer::Encode(absl::string_view cleaned, int64_t max_sequence_length) const {
  const int64_t room = max_sequence_length - static_cast<int64_t>(prefix_.size() + suffix_.size());
  WAN_CHECK(room >= 0);
  const std::string text = ToValidUtf8(cleaned);
  std::vector<int64_t> ids;
  for (const AddedTokens::Span& raw : added_tokens_.SplitRaw(text)) {
    if (raw.id) {
      ids.push_back(*raw.id);
      continue;
    }
    const bool begins_prompt = raw.text.data() == text.data();
    const std::string normalized = normalizer_.Apply(raw.text);
    for (const AddedTokens::Span& span : added_tokens_.SplitNormalized(normalized)) {
      if (span.id) {
        ids.push_back(*span.id);
        continue;
      }
      const bool begins_text = begins_prompt && span.text.data() == normalized.data();
      for (const PreTokenizer::Piece& piece : pre_tokenizer_.Split({std::string(span.text), begins_text})) {
        model_.Encode(piece.text, &ids);
      }
    }
  }
  TokenizedPrompt result;
  result.truncated = static_cast<int64_t>(ids.size()) > room;
  if (result.truncated) ids.resize(static_cast<size_t>(room));
  result.ids = prefix_;
  result.ids.insert(result.ids.end(), ids.begin(), ids.end());
  result.ids.insert(result.ids.end(), suffix_.begin(), suffix_.end());
  return result;
}

}  // namespace wan

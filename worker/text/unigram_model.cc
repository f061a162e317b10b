#include "worker/text/unigram_model.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "worker/text/unicode.h"

namespace wan {

absl::StatusOr<UnigramModel> UnigramModel::FromJson(const JsonNode& node) {
  if (node.Find("type")) {  // older files have none
    WAN_ASSIGN_OR_RETURN(const std::string type, node.String("type"));
    if (type != "Unigram") {
      return node.Unsupported(absl::StrCat("the model ", QuoteBriefly(type), " is not supported, only Unigram is"));
    }
  }
  WAN_ASSIGN_OR_RETURN(const JsonNode vocab_node, node.Member("vocab"));
  const nlohmann::json& rows = vocab_node.value();
  if (!rows.is_array() || rows.empty() || rows.size() > std::numeric_limits<int32_t>::max()) {
    return vocab_node.Fault("must be a list of [piece, score]");
  }
  std::vector<std::pair<std::string, double>> vocab;
  vocab.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const nlohmann::json& row = rows[i];
    if (!row.is_array() || row.size() != 2 || !row[0].is_string() || !row[1].is_number()) {
      return vocab_node.Fault(absl::StrCat("entry ", i, " is not [piece, score]"));
    }
    vocab.emplace_back(row[0].get_ref<const std::string&>(), row[1].get<double>());
  }
  WAN_ASSIGN_OR_RETURN(const JsonNode unk_node, node.Member("unk_id"));
  WAN_ASSIGN_OR_RETURN(const int64_t unk_id, unk_node.Integer(0, static_cast<int64_t>(rows.size()) - 1));
  bool byte_fallback = false;
  if (node.Find("byte_fallback")) {
    WAN_ASSIGN_OR_RETURN(byte_fallback, node.Bool("byte_fallback"));
  }
  return UnigramModel(std::move(vocab), static_cast<int32_t>(unk_id), byte_fallback);
}

UnigramModel::UnigramModel(std::vector<std::pair<std::string, double>> vocab, int32_t unk_id, bool byte_fallback)
    : unk_id_(unk_id) {
  constexpr double kUnknownPenalty = 10.0;
  double min_score = std::numeric_limits<double>::infinity();
  std::vector<std::pair<std::string, int32_t>> entries;
  entries.reserve(vocab.size());
  scores_.reserve(vocab.size());
  for (auto& [piece, score] : vocab) {
    entries.emplace_back(std::move(piece), static_cast<int32_t>(scores_.size()));
    scores_.push_back(score);
    min_score = std::min(min_score, score);
  }
  unknown_score_ = min_score - kUnknownPenalty;
  pieces_ = PrefixTable(std::move(entries));
  for (int byte = 0; byte_fallback && byte < 256; ++byte) {
    byte_ids_.push_back(TokenToId(absl::StrFormat("<0x%02X>", byte)).value_or(-1));
  }
}

void UnigramModel::Encode(absl::string_view utf8, std::vector<int64_t>* ids) const {
  constexpr size_t kUnreached = std::numeric_limits<size_t>::max();
  struct Node {  // the best segmentation that ends here
    double score = 0;
    size_t begin = kUnreached;  // of its last piece
    int32_t id = 0;
  };
  std::vector<Node> best(utf8.size() + 1);
  const auto offer = [&](size_t begin, size_t length, double score, int32_t id) {
    Node& node = best[begin + length];
    const double total = score + best[begin].score;
    if (node.begin == kUnreached || total > node.score) node = {total, begin, id};
  };
  for (size_t begin = 0; begin < utf8.size();) {
    const size_t character = Utf8SequenceLength(utf8[begin]);
    bool is_known = false;
    pieces_.VisitPrefixes(utf8.substr(begin), [&](size_t length, int32_t id) {
      offer(begin, length, scores_[static_cast<size_t>(id)], id);
      is_known = is_known || length == character;
    });
    if (!is_known) offer(begin, character, unknown_score_, unk_id_);
    begin += character;
  }

  std::vector<absl::string_view> pieces;  // from the back
  bool extends_unknown = false;
  for (size_t end = utf8.size(); end > 0; end = best[end].begin) {
    const size_t begin = best[end].begin;
    const bool is_unknown = best[end].id == unk_id_;
    if (is_unknown && extends_unknown) {
      pieces.back() = utf8.substr(begin, end - begin + pieces.back().size());
    } else {
      pieces.push_back(utf8.substr(begin, end - begin));
    }
    extends_unknown = is_unknown;
  }
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) AppendPiece(*piece, ids);
}

void UnigramModel::AppendPiece(absl::string_view piece, std::vector<int64_t>* ids) const {
  if (const std::optional<int32_t> id = TokenToId(piece)) {
    ids->push_back(*id);
    return;
  }
  const auto id_of_byte = [&](char c) { return byte_ids_[static_cast<unsigned char>(c)]; };
  if (!byte_ids_.empty() && std::all_of(piece.begin(), piece.end(), [&](char c) { return id_of_byte(c) >= 0; })) {
    for (const char c : piece) ids->push_back(id_of_byte(c));
    return;
  }
  ids->push_back(unk_id_);
}

}  // namespace wan

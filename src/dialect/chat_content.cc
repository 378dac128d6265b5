#include "dialect/chat_content.h"

#include <utility>

namespace penstock::dialect {

void ChatContent::add_text(std::string_view text, llm::CacheMark cache) {
  if (text.empty()) return;
  pieces_.push_back({.text = text});
  mark(cache);
}

void ChatContent::add_wrapped(std::string_view before, std::string_view text, std::string_view after) {
  pieces_.push_back({.before = before, .text = text, .after = after});
}

void ChatContent::add_part(std::string json) {
  pieces_.push_back({.part = std::move(json)});
  has_parts_ = true;
}

void ChatContent::begin_with(std::string_view words) {
  if (pieces_.empty() || !pieces_.front().part.empty() || !pieces_.front().before.empty())
    pieces_.insert(pieces_.begin(), Piece{.text = words});
  else
    pieces_.front().before = words;
}

void ChatContent::mark(llm::CacheMark cache) {
  if (!keeps_marks_ || cache == llm::CacheMark::none || pieces_.empty() || !pieces_.back().part.empty()) return;
  pieces_.back().cache = cache;
  marked_ = true;
}

void ChatContent::clear() {
  pieces_.clear();
  has_parts_ = marked_ = false;
}

void ChatContent::append_to(std::string& out, LongTexts* apart) const {
  const bool list = has_parts_ || marked_;
  out += list ? '[' : '"';
  bool first = true;
  for (const auto& piece : pieces_) {
    if (!std::exchange(first, false)) out += list ? std::string_view(",") : between_;
    if (!piece.part.empty()) {
      out += piece.part;
      continue;
    }
    if (list) out += R"({"type":"text","text":")";
    out += piece.before;
    append_text(out, piece.text, apart);
    out += piece.after;
    if (list) out += '"';
    if (piece.cache == llm::CacheMark::ephemeral) out += R"(,"cache_control":{"type":"ephemeral"})";
    if (piece.cache == llm::CacheMark::one_hour) out += R"(,"cache_control":{"type":"ephemeral","ttl":"1h"})";
    if (list) out += '}';
  }
  out += list ? ']' : '"';
}

}  // namespace penstock::dialect

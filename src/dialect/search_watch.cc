#include "dialect/search_watch.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "dialect/arguments.h"
#include "json/padded.h"
#include "json/scan.h"

namespace penstock::dialect {

namespace {

using llm::BlockKind;
using llm::StopReason;

/// The query in a call's arguments. Models that do not keep to the schema name it otherwise: the first text counts.
std::string query_of(const std::string& arguments) {
  const json::Padded text(unescape(arguments));
  json::Document document;
  if (!document.index(text.text())) return {};
  const auto root = document.root();
  if (const auto query = root.find("query"); query && query->is_string()) return std::string(trim(query->text()));
  for (const auto [key, value] : root.members())
    if (value.is_string()) return std::string(trim(value.text()));
  return {};
}

void add(llm::Usage& sum, const llm::Usage& more) {
  sum.input += more.input;
  sum.output += more.output;
  sum.cache_read += more.cache_read;
  sum.cache_write += more.cache_write;
  sum.thinking += more.thinking;
  sum.known |= more.known;
}

}  // namespace

void SearchWatch::take(const llm::Event& event) {
  if (failed_) return;
  if (kept_ > kMostKept) return on(llm::Failed{502, "api_error", "the provider's answer is too large"});
  std::visit([this](const auto& one) { on(one); }, event);
}

void SearchWatch::on(const llm::Begin& begin) {
  if (!std::exchange(begun_, true)) out_.take(begin);
}

void SearchWatch::on(const llm::Open& open) {
  said_.push_back({open.kind, std::string(open.id.written), std::string(open.name.written), std::string(open.raw.raw), {}, {}});
  kept_ += sizeof(SaidBlock) + open.raw.raw.size();
  held_ = open.kind == BlockKind::tool_call && open.name.written == tool_.name;
  if (held_) return;
  called_client_ |= open.kind == BlockKind::tool_call;
  llm::Open renumbered = open;
  renumbered.key = next_key_++;
  out_.take(renumbered);
}

void SearchWatch::on(const llm::Delta& delta) {
  said_.back().text += delta.text.written;
  kept_ += delta.text.written.size();
  if (!held_) out_.take(llm::Delta{next_key_ - 1, delta.text});
}

void SearchWatch::on(const llm::Seal& seal) {
  said_.back().seal = seal.signature.written;
  kept_ += seal.signature.written.size();
  out_.take(llm::Seal{next_key_ - 1, seal.signature});
}

void SearchWatch::on(const llm::Cite& cite) { out_.take(llm::Cite{next_key_ - 1, cite.citation}); }

void SearchWatch::on(const llm::Close&) {
  if (std::exchange(held_, false)) return add_search(said_.back());
  out_.take(llm::Close{next_key_ - 1});
}

/// Ids are the provider's, and may come again in its next answer.
void SearchWatch::add_search(SaidBlock& call) {
  call.id = ids_.take(call.id);
  calls_.push_back({call.id, server_tool_id(call.id), query_of(call.text)});
}

/// It comes directly before the End.
void SearchWatch::on(const llm::Count& count) { add(sum_, count.usage); }

void SearchWatch::on(const llm::End& end) {
  const bool complete = end.reason == StopReason::tool_use;
  waiting_ = complete && !calls_.empty() && turns_ < kMostTurns && barren_ < kMostBarren;
  if (waiting_) return;
  out_.take(llm::Count{sum_});
  // A call that is left out was no reason for the client.
  if (complete && !called_client_) return out_.take(llm::End{StopReason::end_turn, {}});
  out_.take(end);
}

void SearchWatch::on(const llm::Failed& failed) {
  waiting_ = false;
  failed_ = true;
  out_.take(failed);
}

std::optional<std::string_view> SearchWatch::next_query() {
  while (waiting_ && results_.size() < calls_.size()) {
    const auto& search = calls_[results_.size()];
    emit_search_use(out_, next_key_++, search.block_id, search.query);
    if (const auto refused = refusal(search)) {
      give(*refused);
      continue;
    }
    ++searches_;
    query_ = engine_query(tool_, search.query);
    return query_;
  }
  return std::nullopt;
}

std::optional<SearchOutcome> SearchWatch::refusal(const Search& search) const {
  if (search.query.empty()) return search_failed("the call names no query", "invalid_input");
  if (search.query.size() > kLongestQuery) return search_failed("the query is too long", "query_too_long");
  if (searches_ >= tool_.max_uses)
    return search_failed("all " + std::to_string(tool_.max_uses) + " searches of this answer are used up", "max_uses_exceeded");
  return std::nullopt;
}

void SearchWatch::answer(const SearchOutcome& outcome) {
  if (waiting_ && results_.size() < calls_.size()) give(outcome);
}

void SearchWatch::give(const SearchOutcome& outcome) {
  const auto& search = calls_[results_.size()];
  const bool failed = !outcome.error_code.empty();
  emit_block(out_, next_key_++,
             failed ? search_error_block(search.block_id, outcome.error_code) : search_result_block(search.block_id, outcome.hits));
  results_.push_back({search.call_id, outcome_text(search.query, outcome), failed});
  if (!outcome.advice.empty() && !std::exchange(advised_, true)) tell(outcome.advice);
}

/// A client shows no more of a failed search than its code.
void SearchWatch::tell(std::string_view advice) {
  const auto text = json_escape(advice) + "\\n\\n";
  const auto key = next_key_++;
  out_.take(llm::Open{.key = key, .kind = BlockKind::text, .id = {}, .name = {}, .raw = {}});
  out_.take(llm::Delta{key, {text}});
  out_.take(llm::Close{key});
}

void SearchWatch::next_turn(llm::Request& request) {
  ++turns_;
  if (searches_ == searches_before_) ++barren_;
  if (advised_) barren_ = kMostBarren;  // it will not be set up within this answer
  searches_before_ = searches_;
  add_search_turn(request, said_, results_, searches_ >= tool_.max_uses || turns_ == kMostTurns || barren_ == kMostBarren);
  said_.clear();
  calls_.clear();
  results_.clear();
  waiting_ = called_client_ = false;
}

void SearchWatch::end() {
  if (!std::exchange(waiting_, false)) return;
  out_.take(llm::Count{sum_});
  out_.take(llm::End{called_client_ ? StopReason::tool_use : StopReason::end_turn, {}});
}

}  // namespace penstock::dialect

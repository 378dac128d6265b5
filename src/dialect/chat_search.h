// The web search of providers that speak Chat Completions: how it is asked for, and what an answer says of it. None has a way of its own
// in that API but what each added: OpenRouter's plugin `web`, OpenAI's search models, Z.ai's tool.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/chat_quirks.h"
#include "dialect/web_search.h"
#include "json/scan.h"
#include "llm/request.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// The provider searches by itself when it is asked to.
[[nodiscard]] bool chat_searches(const ChatQuirks& quirks);

/// The entry of `tools` for a client's web_search, as JSON; empty where the search is asked for in another way.
[[nodiscard]] std::string chat_search_tool(const llm::Tool& tool, const ChatQuirks& quirks);
/// Appends the top-level member that asks for it, with a comma before it, where there is one.
void append_chat_search(const llm::Request& request, const ChatQuirks& quirks, std::string& out);

/// Gathers what an answer says of the provider's searches: pages and citations, wherever they stand.
class ChatSearches {
 public:
  /// `query` is what the client wants searched for, since these providers do not name it. Empty: nobody asked for a search, and what comes
  /// of one is left out.
  explicit ChatSearches(std::string query) : query_(std::move(query)) {}

  /// `annotations` of a message or a delta: url_citation entries, in OpenAI's form or flat.
  void add_annotations(json::Value list);
  /// Pages at the answer's top level: Z.ai's `web_search`, Perplexity's `search_results`.
  void add_pages(json::Value root);

  /// Pages that no search block holds yet.
  [[nodiscard]] bool has_pages() const { return !pages_.empty(); }
  /// The blocks of a search that found them, with the keys `key` and `key + 1`. `answer_id` makes their id.
  void emit(llm::EventSink& out, std::uint32_t key, std::string_view answer_id);
  /// Citations that no text has yet.
  [[nodiscard]] bool has_citations() const { return !citations_.empty(); }
  void cite(llm::EventSink& out, std::uint32_t key);
  /// What was gathered, in bytes, roughly.
  [[nodiscard]] std::size_t kept() const { return kept_; }

 private:
  void add(SearchHit page);
  std::string query_;
  std::vector<SearchHit> pages_;
  std::vector<std::string> citations_;
  std::set<std::string> known_;  // addresses
  unsigned emitted_ = 0;
  std::size_t kept_ = 0;
};

}  // namespace penstock::dialect

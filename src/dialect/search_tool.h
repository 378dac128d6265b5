// The web search that the gateway offers a model in the place of Anthropic's server tool: an ordinary function, and what the client said
// about how it may search.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/web_search.h"
#include "llm/request.h"

namespace penstock::dialect {

/// A client's web_search tool (wire-reference 1.7), as the gateway carries it out.
struct SearchTool {
  std::string name = "web_search";   // of the function that the model is offered; the inside of a JSON string
  std::uint64_t max_uses = 10;       // searches for one answer; 10 where the client sets no limit
  std::vector<std::string> allowed;  // domains, a path behind them possible; empty: all
  std::vector<std::string> blocked;  // the same
  std::string location;              // where the user is, in words; empty: unknown
  bool operator==(const SearchTool&) const = default;
};

/// The request has the tool, and the provider does not search by itself.
[[nodiscard]] bool needs_own_search(const llm::Request& request, bool provider_searches);

/// What the client says of the tool; defaults where it says nothing or what cannot be read.
[[nodiscard]] SearchTool read_search_tool(const llm::Tool& tool);
/// What a request that is about one search asks for, as far as its last words tell: for providers that do not name their queries. Decoded,
/// of bounded length; empty when there are no words.
[[nodiscard]] std::string search_query_of(const llm::Request& request);

/// Puts a function in the place of the tool; the choice of it stays. Searches of the history, which no provider of another kind knows,
/// become calls of the function and their results. To be called once, where needs_own_search().
SearchTool offer_search(llm::Request& request);

/// The query as a search engine is asked it: with `site:` words for the domains.
[[nodiscard]] std::string engine_query(const SearchTool& tool, std::string_view query);
/// Whether a page may be shown.
[[nodiscard]] bool is_wanted(const SearchTool& tool, std::string_view url);

}  // namespace penstock::dialect

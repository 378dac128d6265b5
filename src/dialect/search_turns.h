// One turn of a model that searched: what it said, what was found, and the request that asks it to go on.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/search_tool.h"
#include "dialect/web_search.h"
#include "llm/request.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// What came of a search.
struct SearchOutcome {
  std::vector<SearchHit> hits;
  std::string error_code;  // Anthropic's word for a failure (search_error_block); empty: it went well
  std::string message;     // of a failure, for the model to read
  std::string advice;      // what the user should mend; told once an answer, as text; empty: nothing
};

/// The search went well; pages that the client does not want are left out.
[[nodiscard]] SearchOutcome found(const SearchTool& tool, std::vector<SearchHit> hits);
/// No search is configured; says what to write where. `why`: what is wrong with the configuration that there is; may be empty.
[[nodiscard]] SearchOutcome no_search_configured(std::string_view why = {});
/// The search engine failed.
[[nodiscard]] SearchOutcome search_failed(std::string_view reason, std::string_view error_code = "unavailable");

/// The outcome as the model reads it: numbered pages, of bounded size.
[[nodiscard]] std::string outcome_text(std::string_view query, const SearchOutcome& outcome);

/// A block that the model said, kept beyond its events. All but `kind` is the inside of JSON strings, as it was written.
struct SaidBlock {
  llm::BlockKind kind = llm::BlockKind::text;
  std::string id, name, raw;
  std::string text;  // reasoning, or a call's arguments too
  std::string seal;
};
/// A call of the search, and its answer.
struct SearchResultText {
  std::string call_id;  // the inside of a JSON string
  std::string text;
  bool is_error = false;
};

/// Appends the model's turn and the results that it waits for, so that the same provider can be asked again. A choice that forces a tool
/// has had its effect and becomes automatic; with `last`, none may be called any more, as far as the client has no tools of its own.
void add_search_turn(llm::Request& request, std::span<const SaidBlock> said, std::span<const SearchResultText> results, bool last);

}  // namespace penstock::dialect

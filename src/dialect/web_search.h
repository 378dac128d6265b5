// Web search as Claude Code knows it: the tool web_search_20250305 with its server_tool_use and web_search_tool_result blocks
// (wire-reference 1.6, 1.7), for providers that search by themselves in another way, and for the gateway's own search.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "llm/request.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// One page that a search found. Decoded text, valid UTF-8.
struct SearchHit {
  std::string title, url;
  std::string age;   // when the page is from, in the searcher's words; empty: unknown
  std::string text;  // what the searcher says of the page, for the model to read; may be empty
};

/// What the encrypted_content of a page begins with that search_result_block() wrote. No base64 of others holds a dash.
inline constexpr std::string_view kOwnSearchText = "pw1-";

/// Whether the tool is Anthropic's web_search, of any date, or OpenAI's.
[[nodiscard]] bool is_web_search(const llm::Tool& tool);

/// The web_search tool of a request, or null.
[[nodiscard]] const llm::Tool* find_web_search(const llm::Request& request);

/// An id for a search's blocks in Anthropic's form, srvtoolu_…, made from an id of any form; the same for the same.
[[nodiscard]] std::string server_tool_id(std::string_view id);

/// The content block that says what was searched for: {"type":"server_tool_use","id":…,"name":"web_search","input":{"query":…}}.
[[nodiscard]] std::string search_use_block(std::string_view id, std::string_view query);
/// Its result: {"type":"web_search_tool_result","tool_use_id":…,"content":[{"type":"web_search_result","url","title","page_age",
/// "encrypted_content"}…]}. The hit's text is the encrypted_content, so that it comes back with the history: pw1- and base64url, since
/// Claude Code takes what has other characters for plain text.
[[nodiscard]] std::string search_result_block(std::string_view id, std::span<const SearchHit> hits);
/// The text in such an encrypted_content; nothing when it is another's.
[[nodiscard]] std::optional<std::string> open_search_text(std::string_view encrypted_content);
/// The result of a search that failed; `code` is Anthropic's: unavailable, max_uses_exceeded, query_too_long, invalid_input,
/// too_many_requests.
[[nodiscard]] std::string search_error_block(std::string_view id, std::string_view code);
/// A citation of a text block: {"type":"web_search_result_location","url","title","cited_text","encrypted_index"}.
[[nodiscard]] std::string search_citation(std::string_view url, std::string_view title, std::string_view cited_text);

/// Both blocks of one search, opened and closed, with the keys `key` and `key + 1`.
void emit_search(llm::EventSink& out, std::uint32_t key, std::string_view id, std::string_view query, std::span<const SearchHit> hits);
/// The first of them alone: a search that goes on.
void emit_search_use(llm::EventSink& out, std::uint32_t key, std::string_view id, std::string_view query);
/// A block that comes in one piece, opened and closed.
void emit_block(llm::EventSink& out, std::uint32_t key, std::string_view block);

}  // namespace penstock::dialect

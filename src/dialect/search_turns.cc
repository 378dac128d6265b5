#include "dialect/search_turns.h"

#include "base/append.h"
#include "base/text.h"
#include "dialect/arguments.h"
#include "dialect/error_text.h"

namespace penstock::dialect {

namespace {

using llm::BlockKind;
using llm::Part;

// Bytes of one page's part in the text for the model.
constexpr std::size_t kTitle = 300, kAddress = 1000, kAge = 60, kExcerpt = 2000;
constexpr std::string_view kAdvice =
    "Web search is not set up in Penstock. To have it, set `web_search.url` in penstock.yaml: the address of a SearXNG server, or "
    "https://api.search.brave.com with `web_search.api_key`.";

void append_line(std::string& out, std::string_view text, std::size_t most) {
  if (!text.empty()) append(out, "\n", bounded_text(text, most));
}

llm::Text kept(llm::Request& request, const std::string& text) { return {text.empty() ? std::string_view() : request.keep(text)}; }

Part part_of(llm::Request& request, const SaidBlock& block) {
  switch (block.kind) {
    case BlockKind::thinking: return {llm::ThinkingPart{kept(request, block.text), kept(request, block.seal), false}};
    case BlockKind::sealed_thinking: return {llm::ThinkingPart{{}, kept(request, block.seal), true}};
    case BlockKind::tool_call: {
      auto input = unescape(block.text);
      if (!is_json_object(input)) input = "{}";
      return {llm::ToolCall{kept(request, block.id), kept(request, block.name), {request.keep(std::move(input))}}};
    }
    case BlockKind::other: return {llm::OtherPart{kept(request, block.name), {kept(request, block.raw).written}}};
    case BlockKind::text: break;
  }
  return {llm::TextPart{kept(request, block.text)}};
}

}  // namespace

SearchOutcome found(const SearchTool& tool, std::vector<SearchHit> hits) {
  std::erase_if(hits, [&](const SearchHit& hit) { return !is_wanted(tool, hit.url); });
  return {.hits = std::move(hits), .error_code = {}, .message = {}, .advice = {}};
}

SearchOutcome no_search_configured(std::string_view why) {
  const auto advice = why.empty() ? std::string(kAdvice) : "Web search is not ready in Penstock: " + std::string(why) + ".";
  SearchOutcome outcome = search_failed(advice);
  outcome.advice = advice;
  return outcome;
}

SearchOutcome search_failed(std::string_view reason, std::string_view error_code) {
  return {.hits = {}, .error_code = std::string(error_code), .message = std::string(reason), .advice = {}};
}

std::string outcome_text(std::string_view query, const SearchOutcome& outcome) {
  if (!outcome.error_code.empty())
    return "The web search failed: " + bounded_text(outcome.message, kExcerpt) + "\nGo on without it, and say that you could not search.";
  if (outcome.hits.empty()) return "The search for \"" + bounded_text(query, kTitle) + "\" found nothing.";
  std::string out = "Pages found for \"" + bounded_text(query, kTitle) + "\":";
  std::size_t number = 0;
  for (const auto& hit : outcome.hits) {
    append(out, "\n\n", ++number, ". ", bounded_text(hit.title, kTitle));
    append_line(out, hit.url, kAddress);
    append_line(out, hit.age, kAge);
    append_line(out, hit.text, kExcerpt);
  }
  return out;
}

void add_search_turn(llm::Request& request, std::span<const SaidBlock> said, std::span<const SearchResultText> results, bool last) {
  llm::Message model{llm::Role::assistant, {}}, answers{llm::Role::user, {}};
  for (const auto& block : said) model.parts.push_back(part_of(request, block));
  for (const auto& [call_id, text, is_error] : results) {
    llm::ToolResult result{.id = kept(request, call_id), .parts = {}, .is_error = is_error};
    result.parts.push_back({llm::TextPart{{request.keep(json_escape(text))}}});
    answers.parts.push_back({std::move(result)});
  }
  request.messages.push_back(std::move(model));
  request.messages.push_back(std::move(answers));
  using Kind = llm::ToolChoice::Kind;
  auto& kind = request.tool_choice.kind;
  if (kind == Kind::named || kind == Kind::any) kind = Kind::automatic;
  if (last && request.tools.size() == 1) kind = Kind::none;
}

}  // namespace penstock::dialect

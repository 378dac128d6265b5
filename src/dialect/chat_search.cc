#include "dialect/chat_search.h"

#include <optional>

#include "base/append.h"
#include "base/text.h"
#include "dialect/error_text.h"
#include "dialect/search_tool.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

using json::Value;
using Way = ChatQuirks::WebSearch;

constexpr unsigned kPages = 5;                     // for one search; OpenRouter bills by the page
constexpr std::size_t kCited = 300;                // bytes of a citation's text
constexpr std::size_t kTitle = 500, kText = 4000;  // of a page's

std::string list_of(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) append(out, out.empty() ? "[" : ",", json_quote(word));
  return out + "]";
}

/// The client's user_location as it wrote it; empty without one.
std::string location_of(const llm::Tool& tool) {
  const json::Padded raw(tool.raw.raw);
  json::Document document;
  if (!document.index(raw.text())) return {};
  const auto location = document.root().find("user_location");
  return location && location->is_object() ? std::string(location->raw()) : std::string();
}

/// Its members but `type`.
std::string place_of(const std::string& location) {
  const json::Padded raw(location);
  json::Document document;
  std::string out;
  if (!document.index(raw.text())) return out;
  for (const auto [key, value] : document.root().members())
    if (!key.equals("type") && value.is_string()) append(out, out.empty() ? "" : ",", key.raw(), ":", value.raw());
  return out;
}

/// OpenRouter's plugin takes the tool's own settings. It searches for every request that carries it.
std::string plugin_of(const llm::Tool& tool) {
  const auto search = read_search_tool(tool);
  std::string out = R"({"id":"web")";
  append(out, R"(,"max_results":)", kPages);
  if (!search.allowed.empty()) append(out, R"(,"include_domains":)", list_of(search.allowed));
  if (!search.blocked.empty()) append(out, R"(,"exclude_domains":)", list_of(search.blocked));
  if (const auto location = location_of(tool); !location.empty()) append(out, R"(,"user_location":)", location);
  return out + "}";
}

std::string text_in(Value object, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys)
    if (const auto value = object.find(key); value && value->is_string() && !value->text().empty()) return value->text();
  return {};
}

bool is_linked(const SearchHit& page) { return page.url.starts_with("http://") || page.url.starts_with("https://"); }

SearchHit page_of(Value entry) {
  return {text_in(entry, {"title"}), text_in(entry, {"url", "link"}), text_in(entry, {"publish_date", "date", "last_updated"}),
          text_in(entry, {"content", "snippet"})};
}

}  // namespace

bool chat_searches(const ChatQuirks& quirks) { return quirks.web_search != Way::none && quirks.web_search != Way::tool; }

std::string chat_search_tool(const llm::Tool& tool, const ChatQuirks& quirks) {
  if (quirks.web_search != Way::zai) return {};
  std::string out = R"({"type":"web_search","web_search":{"enable":true,"search_result":true)";
  // It takes one domain.
  if (const auto search = read_search_tool(tool); search.allowed.size() == 1)
    append(out, R"(,"search_domain_filter":)", json_quote(search.allowed.front()));
  return out + "}}";
}

void append_chat_search(const llm::Request& request, const ChatQuirks& quirks, std::string& out) {
  const auto* const tool = find_web_search(request);
  if (tool == nullptr) return;
  if (quirks.web_search == Way::plugins) append(out, R"(,"plugins":[)", plugin_of(*tool), ']');
  if (quirks.web_search != Way::web_search_options) return;
  out += R"(,"web_search_options":{)";
  if (const auto place = place_of(location_of(*tool)); !place.empty())
    append(out, R"("user_location":{"type":"approximate","approximate":{)", place, "}}");
  out += '}';
}

void ChatSearches::add(SearchHit page) {
  if (!is_linked(page) || !known_.insert(page.url).second) return;
  page.url = valid_utf8(page.url);
  page.title = bounded_text(page.title.empty() ? page.url : page.title, kTitle);
  page.text = bounded_text(page.text, kText);
  kept_ += 2 * page.url.size() + page.title.size() + page.text.size();
  pages_.push_back(std::move(page));
}

void ChatSearches::add_annotations(Value list) {
  if (query_.empty()) return;
  for (const auto annotation : list.elements()) {
    const auto type = annotation.find("type");
    if (!type || !type->equals("url_citation")) continue;
    auto page = page_of(annotation.find("url_citation").value_or(annotation));
    if (!is_linked(page)) continue;
    citations_.push_back(search_citation(valid_utf8(page.url), valid_utf8(page.title), bounded_text(page.text, kCited)));
    kept_ += citations_.back().size();
    add(std::move(page));
  }
}

void ChatSearches::add_pages(Value root) {
  if (query_.empty()) return;
  for (const char* field : {"web_search", "search_results"})
    if (const auto list = root.find(field))
      for (const auto entry : list->elements()) add(page_of(entry));
}

void ChatSearches::emit(llm::EventSink& out, std::uint32_t key, std::string_view answer_id) {
  if (pages_.empty()) return;
  const auto id = server_tool_id(answer_id) + "_" + std::to_string(++emitted_);
  emit_search(out, key, id, query_, pages_);
  pages_.clear();
}

void ChatSearches::cite(llm::EventSink& out, std::uint32_t key) {
  for (const auto& citation : citations_) out.take(llm::Cite{key, {citation}});
  citations_.clear();
}

}  // namespace penstock::dialect

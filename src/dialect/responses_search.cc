#include "dialect/responses_search.h"

#include <string_view>
#include <vector>

#include "dialect/web_search.h"

namespace penstock::dialect {

namespace {

std::string text_of(json::Value object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is_string() ? value->text() : std::string();
}

/// What was searched for: one query, or several.
std::string query_of(json::Value action) {
  auto query = text_of(action, "query");
  const auto list = action.find("queries");
  if (!query.empty() || !list) return query;
  for (const auto one : list->elements()) query += (query.empty() ? "" : "; ") + one.text();
  return query;
}

void add_hits(std::optional<json::Value> list, std::vector<SearchHit>& hits) {
  if (!list) return;
  for (const auto one : list->elements()) {
    SearchHit hit{.title = text_of(one, "title"), .url = text_of(one, "url"), .age = {}, .text = text_of(one, "text")};
    if (hit.url.empty()) continue;
    if (hit.title.empty()) hit.title = hit.url;
    hits.push_back(std::move(hit));
  }
}

}  // namespace

bool emit_search_call(json::Value item, std::uint32_t key, llm::EventSink& out) {
  const auto action = item.find("action");
  const auto query = action ? query_of(*action) : std::string();
  if (query.empty()) return false;
  const auto id = "srvtoolu_" + (item.find("id") ? text_of(item, "id") : std::to_string(key));
  const auto status = text_of(item, "status");
  emit_search_use(out, key, id, query);
  std::vector<SearchHit> hits;
  add_hits(action->find("sources"), hits);
  if (hits.empty()) add_hits(item.find("results"), hits);
  emit_block(out, key + 1, status == "failed" ? search_error_block(id, "unavailable") : search_result_block(id, hits));
  return true;
}

std::string citation_of(json::Value annotation) {
  const auto type = annotation.find("type");
  if (!type || !type->equals("url_citation")) return {};
  const auto inner = annotation.find("url_citation");  // as Chat Completions nests it
  const auto body = inner && inner->is_object() ? *inner : annotation;
  const auto url = text_of(body, "url");
  return url.empty() ? std::string() : search_citation(url, text_of(body, "title"), "");
}

}  // namespace penstock::dialect

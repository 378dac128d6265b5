#include "base/url.h"
#include "config/parts.h"
#include "config/values.h"

namespace penstock::config {

namespace {

bool is_brave(std::string_view url) {
  const auto parsed = parse_url(url);
  return parsed && (parsed->host == "brave.com" || parsed->host.ends_with(".brave.com"));
}

/// Some write the address of the page that searches.
std::string without_page(std::string url) {
  constexpr std::string_view kPage = "/search";
  if (url.ends_with(kPage)) url.resize(url.size() - kPage.size());
  return url;
}

}  // namespace

void fill_web_search(const Source& source, Config& config, Report& report) {
  const Node* const node = source.root.find("web_search");
  if (node == nullptr || node->rejected || !node->is_map()) return;
  auto& search = config.web_search;
  search.url = without_page(value_at(*node, "url", parse_base_url).value_or(""));
  if (node->lacks("url")) report.add(node->at, "\"web_search\" has no url; add one");
  const auto kind = text_at(*node, "kind", is_brave(search.url) ? "brave" : "searxng");
  search.kind = kind == "brave" ? SearchKind::brave : SearchKind::searxng;
  search.max_results = static_cast<unsigned>(value_at(*node, "max_results", parse_integer).value_or(search.max_results));
  if (const Node* const key = node->scalar("api_key")) {
    search.unset_variables = key->unset;
    // Half a key is no key.
    if (!key->text.empty() && key->unset.empty()) search.api_key = Secret(key->text);
  } else if (search.kind == SearchKind::brave && node->lacks("api_key")) {
    report.add(node->at, "\"web_search\": Brave's API needs api_key; add it");
  }
}

}  // namespace penstock::config

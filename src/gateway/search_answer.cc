#include "gateway/search_answer.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "dialect/error_text.h"
#include "json/padded.h"
#include "json/scan.h"

namespace penstock::gateway {

namespace {

using dialect::SearchHit;
using json::Value;

constexpr std::size_t kShownError = 200;  // bytes of a server's own words
// Bytes of one page; Claude Code takes no longer addresses.
constexpr std::size_t kLongestUrl = 2048, kTitle = 500, kText = 4000;

std::string text_in(Value object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is_string() ? value->text() : std::string();
}

/// The list at a path of keys; an empty object's when something is missing.
std::optional<Value> list_at(Value root, std::initializer_list<std::string_view> path) {
  std::optional<Value> at = root;
  for (const auto key : path) at = at ? at->find(key) : std::nullopt;
  return at && at->is_array() ? at : std::nullopt;
}

/// "2026-05-01T00:00:00" is a day to a reader.
std::string day_of(std::string text) {
  if (text.size() > 10 && text[4] == '-' && text[10] == 'T') text.resize(10);
  return text;
}

SearchHit searxng_hit(Value result) {
  return {plain_words(text_in(result, "title")), text_in(result, "url"), day_of(text_in(result, "publishedDate")),
          plain_words(text_in(result, "content"))};
}

SearchHit brave_hit(Value result) {
  auto age = text_in(result, "age");
  SearchHit hit{plain_words(text_in(result, "title")), text_in(result, "url"),
                day_of(age.empty() ? text_in(result, "page_age") : std::move(age)), plain_words(text_in(result, "description"))};
  if (const auto more = list_at(result, {"extra_snippets"}))
    for (const auto snippet : more->elements()) hit.text += (hit.text.empty() ? "" : "\n") + plain_words(snippet.text());
  return hit;
}

void add(std::vector<SearchHit>& hits, SearchHit hit) {
  const bool linked = hit.url.starts_with("http://") || hit.url.starts_with("https://");
  if (!linked || hit.url.size() > kLongestUrl || hits.size() >= kMostHits) return;
  hit.url = valid_utf8(hit.url);
  hit.age = valid_utf8(hit.age);
  hit.title = dialect::bounded_text(hit.title.empty() ? hit.url : hit.title, kTitle);
  hit.text = dialect::bounded_text(hit.text, kText);
  hits.push_back(std::move(hit));
}

/// The code point behind `#38` or `#x26`; nothing for what is none.
std::optional<char32_t> numeric_entity(std::string_view name) {
  if (!name.starts_with('#')) return std::nullopt;
  const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
  char32_t point = 0;
  const auto digits = name.substr(hex ? 2 : 1);
  if (digits.empty() || digits.size() > 7) return std::nullopt;
  for (const char c : digits) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : hex && lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    point = point * (hex ? 16U : 10U) + static_cast<char32_t>(digit);
  }
  return point;
}

void append_point(std::string& out, char32_t point) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) return void(out += static_cast<char>(point));
  if (point < 0x800) return out += static_cast<char>(0xc0 | (point >> 6)), tail(0);
  if (point < 0x10000) return out += static_cast<char>(0xe0 | (point >> 12)), tail(6), tail(0);
  if (point < 0x110000) return out += static_cast<char>(0xf0 | (point >> 18)), tail(12), tail(6), tail(0);
}

/// The entity at the start of `text`, resolved into `out`; its length, or 0 when there is none.
std::size_t take_entity(std::string_view text, std::string& out) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kNamed{
      {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}, {"nbsp", " "}}};
  const auto end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos) return 0;
  const auto name = text.substr(1, end - 1);
  for (const auto& [known, meaning] : kNamed)
    if (name == known) return out += meaning, end + 1;
  const auto point = numeric_entity(name);
  if (!point || *point < ' ') return 0;
  append_point(out, *point);
  return end + 1;
}

/// The length of the tag at the start of `text`; 0 when it is none, as in `a < b`.
std::size_t tag_length(std::string_view text) {
  const char next = text.size() > 1 ? lower(text[1]) : ' ';
  if (next != '/' && next != '!' && (next < 'a' || next > 'z')) return 0;
  const auto end = text.find('>');
  return end == std::string_view::npos ? 0 : end + 1;
}

std::string_view mend_for(SearchApi api, int status) {
  if (api == SearchApi::searxng && status == 403)
    return "; its settings.yml must list json under search.formats, or it asks for web_search.api_key";
  if (status == 401 || status == 403 || status == 422) return "; look at web_search.api_key in penstock.yaml";
  if (status == 404) return "; look at web_search.url and web_search.kind in penstock.yaml";
  return "";
}

ErrorKind kind_of(int status) {
  if (status == 429) return ErrorKind::rate_limited;
  if (status == 401 || status == 403 || status == 422) return ErrorKind::authentication;
  return status < 500 ? ErrorKind::config : ErrorKind::connection;
}

}  // namespace

std::string plain_words(std::string_view html) {
  std::string out;
  bool space = false;
  while (!html.empty()) {
    const std::size_t tag = html.front() == '<' ? tag_length(html) : 0;
    if (tag == 0 && json::is_space(html.front())) {
      space = true;
      html.remove_prefix(1);
      continue;
    }
    if (tag != 0) {
      html.remove_prefix(tag);
      continue;
    }
    if (std::exchange(space, false) && !out.empty()) out += ' ';
    const auto entity = html.front() == '&' ? take_entity(html, out) : 0;
    if (entity == 0) out += html.front();
    html.remove_prefix(entity == 0 ? 1 : entity);
  }
  return valid_utf8(out);
}

Result<std::vector<SearchHit>> read_hits(SearchApi api, std::string_view body) {
  const json::Padded text(body);
  json::Document document;
  const bool brave = api == SearchApi::brave;
  if (!document.index(text.text()) || !document.root().is_object())
    return fail(provider_error(ErrorKind::protocol, "the search server's answer is not JSON; look at web_search.url and web_search.kind"));
  const auto root = document.root();
  const auto list = brave ? list_at(root, {"web", "results"}) : list_at(root, {"results"});
  std::vector<SearchHit> hits;
  if (list)
    for (const auto result : list->elements()) add(hits, brave ? brave_hit(result) : searxng_hit(result));
  // Brave leaves `web` out when there is nothing.
  const bool understood = list || (brave && root.find("query"));
  if (!understood) return fail(provider_error(ErrorKind::protocol, "the search server's answer has no results; look at web_search.kind"));
  return hits;
}

Error search_refusal(SearchApi api, int status, std::string_view location, std::string_view body) {
  if (status >= 300 && status < 400)
    return provider_error(ErrorKind::config,
                          fmt::format("the search server sends on to {}; set web_search.url in penstock.yaml to where it leads",
                                      dialect::bounded_text(printable(location), kShownError)));
  const auto said = dialect::read_error(body, "").message;
  auto message = fmt::format("the search server answered {}", status);
  if (!said.empty()) message += ": " + dialect::bounded_text(printable(said), kShownError);
  return provider_error(kind_of(status), message + std::string(mend_for(api, status)));
}

}  // namespace penstock::gateway

#include "dialect/web_search.h"

#include <algorithm>

#include "base/append.h"
#include "base/text.h"

namespace penstock::dialect {

namespace {

/// The input's object, as JSON.
std::string input_of(std::string_view query) { return R"({"query":)" + json_quote(query) + "}"; }

std::string use_block(std::string_view id, std::string_view input) {
  std::string out;
  append(out, R"({"type":"server_tool_use","id":)", json_quote(id), R"(,"name":"web_search","input":)", input, "}");
  return out;
}

void append_hit(std::string& out, const SearchHit& hit) {
  append(out, R"({"type":"web_search_result","url":)", json_quote(hit.url), R"(,"title":)", json_quote(hit.title), R"(,"page_age":)",
         hit.age.empty() ? "null" : json_quote(hit.age), R"(,"encrypted_content":")", kOwnSearchText, to_base64url(hit.text), "\"}");
}

}  // namespace

bool is_web_search(const llm::Tool& tool) {
  const auto type = tool.type.written;
  return type == "web_search" || type.starts_with("web_search_");
}

const llm::Tool* find_web_search(const llm::Request& request) {
  const auto found = std::ranges::find_if(request.tools, is_web_search);
  return found == request.tools.end() ? nullptr : &*found;
}

std::string server_tool_id(std::string_view id) {
  constexpr std::size_t kLongest = 100;  // Claude Code takes 128
  std::string out = "srvtoolu_";
  for (const char c : id.substr(0, kLongest)) {
    const bool plain = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '-';
    out += plain ? c : '_';
  }
  return out;
}

std::string search_use_block(std::string_view id, std::string_view query) { return use_block(id, input_of(query)); }

std::string search_result_block(std::string_view id, std::span<const SearchHit> hits) {
  std::string out;
  append(out, R"({"type":"web_search_tool_result","tool_use_id":)", json_quote(id), R"(,"content":[)");
  for (const auto& hit : hits) {
    if (out.back() != '[') out += ',';
    append_hit(out, hit);
  }
  return out += "]}";
}

std::optional<std::string> open_search_text(std::string_view encrypted_content) {
  if (!encrypted_content.starts_with(kOwnSearchText)) return std::nullopt;
  auto text = from_base64url(encrypted_content.substr(kOwnSearchText.size()));
  if (text) text = valid_utf8(*text);
  return text;
}

std::string search_error_block(std::string_view id, std::string_view code) {
  std::string out;
  append(out, R"({"type":"web_search_tool_result","tool_use_id":)", json_quote(id),
         R"(,"content":{"type":"web_search_tool_result_error","error_code":)", json_quote(code), "}}");
  return out;
}

std::string search_citation(std::string_view url, std::string_view title, std::string_view cited_text) {
  std::string out;
  append(out, R"({"type":"web_search_result_location","url":)", json_quote(url), R"(,"title":)", json_quote(title), R"(,"cited_text":)",
         json_quote(cited_text), R"(,"encrypted_index":""})");
  return out;
}

void emit_search_use(llm::EventSink& out, std::uint32_t key, std::string_view id, std::string_view query) {
  const auto block = use_block(id, "{}");
  const auto input = json_escape(input_of(query));
  out.take(llm::Open{.key = key, .kind = llm::BlockKind::other, .id = {}, .name = {}, .raw = {block}});
  // The query follows the block's opening, as the API itself sends it: Claude Code reads it from there.
  out.take(llm::Delta{key, {input}});
  out.take(llm::Close{key});
}

void emit_block(llm::EventSink& out, std::uint32_t key, std::string_view block) {
  out.take(llm::Open{.key = key, .kind = llm::BlockKind::other, .id = {}, .name = {}, .raw = {block}});
  out.take(llm::Close{key});
}

void emit_search(llm::EventSink& out, std::uint32_t key, std::string_view id, std::string_view query, std::span<const SearchHit> hits) {
  emit_search_use(out, key, id, query);
  emit_block(out, key + 1, search_result_block(id, hits));
}

}  // namespace penstock::dialect

#include "dialect/history_text.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "dialect/web_search.h"

namespace penstock::dialect {

namespace {

/// Members that a reader would want to see. Not `data`, `encrypted_content`, ids.
constexpr std::array<std::string_view, 7> kReadable{"text", "title", "url", "source", "stdout", "stderr", "tool_name"};
constexpr int kDeepest = 6;

void add_line(std::string& out, std::string_view written) {
  if (written.empty()) return;
  if (!out.empty()) out += "\\n";
  out += written;
}

void gather(json::Value value, std::string& out, int depth) {
  if (depth == 0) return;
  for (const auto& element : value.elements()) gather(element, out, depth - 1);
  for (const auto& [key, inner] : value.members()) {
    const auto name = key.raw_text();
    if (inner.is_string() && (name == "content" || std::ranges::find(kReadable, name) != kReadable.end())) add_line(out, inner.raw_text());
    if (name == "encrypted_content" && inner.is_string())  // of a search that was ours
      if (const auto text = open_search_text(inner.text())) add_line(out, json_escape(*text));
    if (name == "content" || name == "output") gather(inner, out, depth - 1);
  }
}

bool is(json::Value object, std::string_view key, std::string_view text) {
  const auto value = object.find(key);
  return value && value->equals(text);
}

/// What was searched for, or why a search failed; empty for other blocks.
std::string search_words(json::Value block) {
  const auto input = block.find("input"), content = block.find("content");
  const auto query = input ? input->find("query") : std::nullopt;
  if (query && query->is_string() && is(block, "type", "server_tool_use") && is(block, "name", "web_search"))
    return "[web search: " + std::string(query->raw_text()) + "]";
  const auto code = content ? content->find("error_code") : std::nullopt;
  if (code && code->is_string() && is(*content, "type", "web_search_tool_result_error"))
    return "[web search failed: " + std::string(code->raw_text()) + "]";
  return {};
}

}  // namespace

std::string history_text(json::Value block) {
  std::string out = search_words(block);
  if (out.empty()) gather(block, out, kDeepest);
  return out;
}

std::string document_text(json::Value block) {
  std::string out;
  const auto source = block.find("source");
  const auto type = source ? source->find("type") : std::nullopt;
  if (!type) return out;
  const auto title = block.find("title");
  if (title && title->is_string()) add_line(out, title->raw_text());
  const auto before = out.size();
  if (const auto data = source->find("data"); type->equals("text") && data && data->is_string()) add_line(out, data->raw_text());
  if (const auto content = source->find("content"); type->equals("content") && content) {
    if (content->is_string()) add_line(out, content->raw_text());
    gather(*content, out, kDeepest);
  }
  return out.size() == before ? std::string() : out;
}

}  // namespace penstock::dialect

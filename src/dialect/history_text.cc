#include "dialect/history_text.h"

#include <algorithm>
#include <array>
#include <string_view>

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
    if (name == "content" || name == "output") gather(inner, out, depth - 1);
  }
}

}  // namespace

std::string history_text(json::Value block) {
  std::string out;
  gather(block, out, kDeepest);
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

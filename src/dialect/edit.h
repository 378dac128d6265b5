// What the functions that carry out quirks share. Only for them.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dialect/adapt.h"

namespace penstock::dialect {

/// One request being adapted.
struct Edit {
  const Quirks& quirks;
  const RequestContext& context;
  json::Patch& patch;
  std::span<const std::string_view> own_searches = {};  // ids as written of searches that Anthropic did not make (own_marks.h)
};

/// The text of an object's string member, or "". For short words only.
inline std::string text_of(json::Value object, std::string_view key) {
  const auto value = object.find(key);
  return value ? value->text() : std::string();
}

/// A string (escapes as written) of nothing but white space. Anthropic refuses such text, others only the empty one.
[[nodiscard]] inline bool is_blank(std::string_view written) {
  constexpr std::size_t kLongest = 256;
  if (written.size() > kLongest) return false;
  while (!written.empty()) {
    const bool escaped = written.starts_with("\\n") || written.starts_with("\\t") || written.starts_with("\\r");
    if (!escaped && written.front() != ' ') return false;
    written.remove_prefix(escaped ? 2 : 1);
  }
  return true;
}

/// Takes cache_control and, with `unknown_fields: strip`, every field that is not `known` out of an object.
inline void strip_fields(const Edit& edit, json::Value object, std::initializer_list<std::string_view> known) {
  const bool caches = edit.quirks.cache_control == Keep::strip;
  const bool unknown = edit.quirks.unknown_fields == Keep::strip;
  if (!caches && !unknown) return;
  std::string scratch;
  for (const auto& member : object.members()) {
    const auto key = member.key.text(scratch);
    const bool goes = key == "cache_control" ? caches : unknown && std::ranges::find(known, key) == known.end();
    if (goes) edit.patch.remove(object, member);
  }
}

/// A text block with this text (escapes as in JSON), and the cache_control of the block that it stands for.
inline std::string text_block(const Edit& edit, std::string_view written, std::optional<json::Value> original = {}) {
  std::string block = R"({"type":"text","text":")";
  block.append(written).append("\"");
  if (original && edit.quirks.cache_control == Keep::keep)
    if (const auto cache = original->find("cache_control")) block.append(",\"cache_control\":").append(cache->raw());
  return block.append("}");
}

}  // namespace penstock::dialect

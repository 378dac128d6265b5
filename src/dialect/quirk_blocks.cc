#include "dialect/quirk_blocks.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/text.h"
#include "dialect/history_text.h"

namespace penstock::dialect {

namespace {

constexpr std::string_view kImageOmitted = "[image omitted: this model cannot see images]";
constexpr std::string_view kDocumentOmitted = "[document omitted: this model cannot read documents]";

/// What happens to a block: it stays as this kind, or goes.
using Outcome = std::optional<BlockKind>;

Outcome replace_by_text(const Edit& edit, json::Value block, std::string_view written) {
  if (written.empty()) return std::nullopt;
  edit.patch.replace(block, text_block(edit, written, block));
  return BlockKind::text;
}

/// Citations of a search that was not Anthropic's have no index (search_citation), which Anthropic would miss.
void cut_own_citations(const Edit& edit, json::Value block) {
  const auto list = block.find("citations");
  if (!list) return;
  for (const auto citation : list->elements())
    if (const auto index = citation.find("encrypted_index"); index && index->equals("")) edit.patch.remove(*list, citation);
}

Outcome edit_text(const Edit& edit, json::Value block) {
  const auto text = block.find("text");
  if (edit.quirks.empty_blocks == Keep::strip && text && text->is_string() && is_blank(text->raw_text())) return std::nullopt;
  if (!edit.own_searches.empty()) cut_own_citations(edit, block);
  strip_fields(edit, block, {"type", "text"});
  return BlockKind::text;
}

Outcome edit_image(const Edit& edit, json::Value block) {
  if (edit.quirks.images == Media::placeholder) return replace_by_text(edit, block, kImageOmitted);
  strip_fields(edit, block, {"type", "source"});
  return BlockKind::other;
}

Outcome edit_document(const Edit& edit, json::Value block) {
  if (edit.quirks.documents == Media::placeholder) {
    const auto text = document_text(block);
    return replace_by_text(edit, block, text.empty() ? kDocumentOmitted : text);
  }
  strip_fields(edit, block, {"type", "source", "title", "context"});
  return BlockKind::other;
}

/// Whose block it is stands in `seal` (the signature, or a redacted block's data). Own ones get their original back; the others would be
/// refused.
Outcome edit_thought(const Edit& edit, json::Value block, std::string_view seal) {
  const auto field = block.find(seal);
  std::string scratch;
  const auto text = field ? field->text(scratch) : std::string_view();
  const bool tagged = text.starts_with(kTagPrefix);
  if (!edit.quirks.third_party) return tagged ? Outcome() : BlockKind::thinking;
  if (edit.quirks.thinking == Thoughts::drop || !tagged || edit.context.codec == nullptr) return std::nullopt;
  // A look at the name first: the MAC is the dear part.
  if (!text.substr(kTagPrefix.size()).starts_with(edit.context.provider)) return std::nullopt;
  const auto opened = edit.context.codec->open(text);
  if (!opened || opened->provider != edit.context.provider) return std::nullopt;
  edit.patch.replace(*field, json_quote(opened->original));
  strip_fields(edit, block, {"type", "thinking", "signature", "data"});
  return BlockKind::thinking;
}

/// A result may be empty, but not a list that lost all it had.
Outcome edit_tool_result(const Edit& edit, json::Value block) {
  strip_fields(edit, block, {"type", "tool_use_id", "content", "is_error"});
  const auto content = block.find("content");
  if (!content || !content->is_array()) return BlockKind::tool_result;
  std::size_t left = 0;
  for (const auto& inner : content->elements()) left += edit_block(edit, *content, inner).has_value();
  if (left == 0 && !content->is_empty()) edit.patch.replace(*content, "\"\"");
  return BlockKind::tool_result;
}

/// Calls and results of tools that a provider carried out.
bool is_server_block(std::string_view type) {
  return type == "server_tool_use" || type == "mcp_tool_use" || type == "mcp_tool_listing" || type.ends_with("_tool_result");
}

bool is_web_search(json::Value block, std::string_view type) {
  return type == "web_search_tool_result" || (type == "server_tool_use" && text_of(block, "name") == "web_search");
}

/// A search that another provider or the gateway made: what it found has no encryption that anybody else could open.
bool is_own_search(const Edit& edit, json::Value block) {
  if (edit.own_searches.empty()) return false;
  const auto result_of = block.find("tool_use_id");
  const auto id = result_of ? result_of : block.find("id");
  return id && std::ranges::find(edit.own_searches, id->raw()) != edit.own_searches.end();
}

Outcome edit_server_block(const Edit& edit, json::Value block, std::string_view type) {
  const auto quirk = edit.quirks.server_tools;
  if (is_own_search(edit, block)) return replace_by_text(edit, block, history_text(block));
  if (quirk == ServerTools::keep || (quirk == ServerTools::web_search && is_web_search(block, type))) {
    if (edit.quirks.cache_control == Keep::strip)
      for (const auto& member : block.members())
        if (member.key.equals("cache_control")) edit.patch.remove(block, member);
    return BlockKind::other;
  }
  return replace_by_text(edit, block, history_text(block));
}

/// Blocks that came after 2023: what they say stays, as text.
Outcome edit_unknown(const Edit& edit, json::Value block) {
  if (edit.quirks.unknown_fields == Keep::strip) return replace_by_text(edit, block, history_text(block));
  strip_fields(edit, block, {});
  return BlockKind::other;
}

Outcome edit_by_type(const Edit& edit, json::Value block, std::string_view type) {
  if (type == "text") return edit_text(edit, block);
  if (type == "tool_result") return edit_tool_result(edit, block);
  if (type == "thinking") return edit_thought(edit, block, "signature");
  if (type == "redacted_thinking") return edit_thought(edit, block, "data");
  if (type == "image") return edit_image(edit, block);
  if (type == "document") return edit_document(edit, block);
  if (is_server_block(type)) return edit_server_block(edit, block, type);
  if (type != "tool_use") return edit_unknown(edit, block);
  strip_fields(edit, block, {"type", "id", "name", "input"});
  return BlockKind::tool_use;
}

}  // namespace

std::optional<Block> edit_block(const Edit& edit, json::Value list, json::Value block) {
  const auto kind = edit_by_type(edit, block, text_of(block, "type"));
  if (kind) return Block{block, *kind};
  edit.patch.remove(list, block);
  return std::nullopt;
}

}  // namespace penstock::dialect

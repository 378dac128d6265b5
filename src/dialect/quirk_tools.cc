#include "dialect/quirk_tools.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dialect/quirk_schema.h"
#include "dialect/typed_tools.h"

namespace penstock::dialect {

namespace {

/// `web_search_20250305` and the like; an ordinary function has no type, or `custom`.
bool is_typed(json::Value tool) {
  const auto type = tool.find("type");
  return type && type->is_string() && !type->equals("custom");
}

/// server_tools: the tool stays, is expanded, or goes (false).
bool edit_typed_tool(const Edit& edit, json::Value tool) {
  const auto type = text_of(tool, "type");
  if (edit.quirks.server_tools == ServerTools::keep) return true;
  if (edit.quirks.server_tools == ServerTools::web_search && type.starts_with("web_search")) return true;
  auto members = expand_typed_tool(type, text_of(tool, "name"));
  if (!members) return false;
  if (const auto cache = tool.find("cache_control"); cache && edit.quirks.cache_control == Keep::keep)
    members->append(",\"cache_control\":").append(cache->raw());
  edit.patch.replace(tool, "{" + *members + "}");
  return true;
}

/// tool_fields and cache_control.
void strip_tool_fields(const Edit& edit, json::Value tool, bool typed) {
  std::string scratch;
  for (const auto& member : tool.members()) {
    const auto key = member.key.text(scratch);
    bool goes = false;
    if (key == "cache_control")
      goes = edit.quirks.cache_control == Keep::strip;
    else if (edit.quirks.tool_fields == Keep::strip && !typed)
      goes = key == "type" ? !member.value.is_string() : key != "name" && key != "description" && key != "input_schema";
    if (goes) edit.patch.remove(tool, member);
  }
}

bool edit_tool(const Edit& edit, json::Value tool) {
  const bool typed = is_typed(tool);
  if (typed && !edit_typed_tool(edit, tool)) return false;
  strip_tool_fields(edit, tool, typed);
  if (const auto schema = tool.find("input_schema"); schema && edit.quirks.clean_schema == Keep::strip) clean_schema(*schema, edit.patch);
  return true;
}

/// Makes a forced choice `auto`, and leaves what else stands there.
void relax_choice(const Edit& edit, json::Value choice) {
  for (const auto& member : choice.members()) {
    if (member.key.equals("type")) edit.patch.replace(member.value, "\"auto\"");
    if (member.key.equals("name")) edit.patch.remove(choice, member);
  }
}

}  // namespace

ToolsLeft edit_tools(const Edit& edit, json::Value tools) {
  ToolsLeft left;
  for (const auto& tool : tools.elements()) {
    if (edit_tool(edit, tool)) {
      ++left.count;
    } else {
      edit.patch.remove(tools, tool);
      left.removed.push_back(text_of(tool, "name"));
    }
  }
  return left;
}

void edit_tool_choice(const Edit& edit, json::Value root, const json::Member& choice, const ToolsLeft& left, bool thinks) {
  const auto quirk = edit.quirks.tool_choice;
  const auto type = text_of(choice.value, "type");
  const bool names_removed = type == "tool" && std::ranges::find(left.removed, text_of(choice.value, "name")) != left.removed.end();
  const bool none_left = left.count == 0 && (edit.quirks.third_party || !left.removed.empty());
  if (quirk == ToolChoice::strip || none_left || names_removed) {
    edit.patch.remove(root, choice);
    return;
  }
  const bool only_auto = quirk == ToolChoice::auto_only || (quirk == ToolChoice::auto_when_thinking && thinks);
  if (only_auto && (type == "any" || type == "tool")) relax_choice(edit, choice.value);
}

}  // namespace penstock::dialect

// The quirks of `tools` and `tool_choice`.
#pragma once

#include <string>
#include <vector>

#include "dialect/edit.h"

namespace penstock::dialect {

/// What became of a list of tools.
struct ToolsLeft {
  std::size_t count = 0;
  std::vector<std::string> removed;  // their names
};

/// tool_fields, server_tools, schema and cache_control, for each tool.
ToolsLeft edit_tools(const Edit& edit, json::Value tools);

/// tool_choice; goes with the last tool, or with the tool that it names.
void edit_tool_choice(const Edit& edit, json::Value root, const json::Member& choice, const ToolsLeft& left, bool thinks);

}  // namespace penstock::dialect

// What Claude Code, and Claude Code Router's users, write into the texts of a request besides the user's words. Texts are as written in
// JSON, escapes included.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "json/scan.h"
#include "llm/facts.h"

namespace penstock::dialect {

/// CCR's `<CCR-SUBAGENT-MODEL>provider,model</CCR-SUBAGENT-MODEL>` in a text.
struct SubagentTag {
  std::size_t begin, end;  // in the text
  std::string_view model;  // trimmed
};
/// The first one that names a model; one that holds an escape or nothing is none.
[[nodiscard]] std::optional<SubagentTag> find_subagent_tag(std::string_view written);

/// What the last of the text's sentences about plan mode says: on, off, or nothing. (Observed with 2.1.197 and 2.1.328: "Plan mode is
/// active", "Plan mode still active", "## Exited Plan Mode", in `system` messages or in reminders of a user's turn.)
[[nodiscard]] std::optional<bool> find_plan_mode(std::string_view written);

/// The text is one that Claude Code puts into a user's turn.
[[nodiscard]] bool is_reminder(std::string_view written);
/// The text is the attribution line, and it says that a subagent asks.
[[nodiscard]] bool names_subagent(std::string_view written);

/// What stands between the quotes of `value` without the tag at `tag` (offsets in the document's text); nothing when the tag does not stand
/// in this string. Where no word would be left it is a placeholder, because Anthropic refuses blank texts.
[[nodiscard]] std::optional<std::string> without_tag(json::Value value, const llm::ByteRange& tag);

}  // namespace penstock::dialect

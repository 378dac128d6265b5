#include "dialect/quirk_turns.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dialect/claude_code_marks.h"
#include "dialect/prompt_text.h"
#include "dialect/quirk_blocks.h"
#include "dialect/turn_order.h"

namespace penstock::dialect {

namespace {

constexpr std::string_view kReminder = "<system-reminder>\\n", kReminderEnd = "\\n</system-reminder>";
/// Stands where a message has nothing left but cannot go. Not white space: Anthropic refuses that.
constexpr std::string_view kPlaceholder = R"x({"role":"user","content":"(no content)"})x";

void wrap(const Edit& edit, json::Value text) {
  std::string wrapped = "\"";
  edit.patch.replace(text, wrapped.append(kReminder).append(text.raw_text()).append(kReminderEnd).append("\""));
}

/// system_turns: to_user, for one message. Its text becomes a reminder; tool_addition and tool_removal blocks say nothing to others.
void edit_system_turn(const Edit& edit, Turn& turn) {
  for (const auto& member : turn.message.members()) {
    if (member.key.equals("role")) edit.patch.replace(member.value, "\"user\"");
    if (!member.key.equals("role") && !member.key.equals("content")) edit.patch.remove(turn.message, member);
  }
  turn.role = Role::user;
  turn.was_system = true;
  if (turn.is_text()) {
    turn.empty = is_blank(turn.content.raw_text());
    if (!turn.empty) wrap(edit, turn.content);
    return;
  }
  for (const auto& block : turn.content.elements()) {
    const auto text = block.find("text");
    if (text_of(block, "type") != "text" || !text || !text->is_string() || is_blank(text->raw_text())) {
      edit.patch.remove(turn.content, block);
      continue;
    }
    wrap(edit, *text);
    strip_fields(edit, block, {"type", "text"});
    turn.blocks.push_back({block, BlockKind::text});
  }
  turn.empty = turn.blocks.empty();
}

void edit_plain_turn(const Edit& edit, Turn& turn) {
  strip_fields(edit, turn.message, {"role", "content"});
  const bool strips = edit.quirks.empty_blocks == Keep::strip;
  if (turn.is_text()) {
    turn.empty = strips && is_blank(turn.content.raw_text());
    return;
  }
  bool had_any = false;
  for (const auto& block : turn.content.elements()) {
    had_any = true;
    if (const auto left = edit_block(edit, turn.content, block))
      turn.blocks.push_back(*left);
    else
      turn.lost_thinking |= text_of(block, "type").ends_with("thinking");
  }
  turn.empty = turn.blocks.empty() && (had_any || strips);
}

Turn read_turn(json::Value message) {
  Turn turn;
  turn.message = message;
  std::string role;
  for (const auto& [key, value] : message.members()) {
    if (key.equals("role")) role = value.text();
    if (!key.equals("content")) continue;
    turn.content = value;
    turn.has_content = value.is_string() || value.is_array();
  }
  turn.role = role == "user" ? Role::user : role == "assistant" ? Role::assistant : Role::system;
  return turn;
}

Turn edit_turn(const Edit& edit, json::Value message) {
  Turn turn = read_turn(message);
  if (!turn.has_content) return turn;
  if (turn.role == Role::system && edit.quirks.system_turns == SystemTurns::to_user)
    edit_system_turn(edit, turn);
  else
    edit_plain_turn(edit, turn);
  return turn;
}

/// An empty turn cannot just go when it is the user's between two assistant turns or before the first one, or when nothing else is left. An
/// empty assistant turn held no tool call, so nothing answers to it.
bool holds_a_place(const Turn& turn, std::span<const Turn> kept, std::span<const Turn> rest) {
  const auto next = std::ranges::find_if(rest, [](const Turn& other) { return !other.empty; });
  if (next == rest.end()) return kept.empty() && rest.empty();
  if (turn.role != Role::user || turn.was_system || next->role != Role::assistant) return false;
  return kept.empty() || kept.back().role == Role::assistant;
}

void drop_empty(const Edit& edit, json::Value messages, std::vector<Turn>& turns) {
  std::vector<Turn> kept;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    auto& turn = turns[i];
    if (!turn.empty) {
      kept.push_back(std::move(turn));
    } else if (holds_a_place(turn, kept, std::span(turns).subspan(i + 1))) {
      edit.patch.replace(turn.message, std::string(kPlaceholder));
      turn.role = Role::user;
      turn.has_content = false;  // takes part in nothing more
      kept.push_back(std::move(turn));
    } else {
      edit.patch.remove(messages, turn.message);
    }
  }
  turns = std::move(kept);
}

/// thinking: inject_empty, for providers that want reasoning with every call (wire-reference 0.2, 9).
void inject_thinking(const Edit& edit, std::span<const Turn> turns) {
  for (const auto& turn : turns)
    if (turn.role == Role::assistant && turn.has(BlockKind::tool_use) && !turn.has(BlockKind::thinking))
      edit.patch.insert_before(turn.blocks.front().value, R"({"type":"thinking","thinking":"","signature":""})");
}

bool is_attribution(json::Value block) {
  const auto text = block.find("text");
  return text && text->is_string() && text->raw_text().starts_with(kAttribution);
}

bool edit_system_text(const Edit& edit, json::Value system) {
  const auto untagged = edit.context.facts ? without_tag(system, edit.context.facts->subagent_tag) : std::nullopt;
  auto written = untagged ? std::string_view(*untagged) : system.raw_text();
  const auto before = written.size();
  if (edit.quirks.attribution == Keep::strip) written = without_attribution(written);
  if (edit.quirks.empty_blocks == Keep::strip && is_blank(written)) return false;
  if (written.size() == before) return true;  // without the tag already
  if (written.empty()) return false;
  edit.patch.replace(system, "\"" + std::string(written) + "\"");
  return true;
}

/// The assistant turn whose calls the last turn answers, if it does; else null.
const Turn* open_loop(std::span<const Turn> turns) {
  const auto results = std::ranges::find_if(turns.rbegin(), turns.rend(), [](const Turn& turn) { return turn.role == Role::assistant; });
  const auto answered = [](const Turn& turn) { return turn.has(BlockKind::tool_result); };
  if (results == turns.rend() || std::none_of(turns.rbegin(), results, answered)) return nullptr;
  return results->has(BlockKind::tool_use) ? &*results : nullptr;
}

}  // namespace

Conversation edit_messages(const Edit& edit, json::Value messages) {
  std::vector<Turn> turns;
  for (const auto& message : messages.elements()) turns.push_back(edit_turn(edit, message));
  drop_empty(edit, messages, turns);
  const bool injects = edit.quirks.thinking == Thoughts::inject_empty;
  if (injects) inject_thinking(edit, turns);
  order_turns(edit, messages, turns);
  const Turn* const loop = open_loop(turns);
  const bool without = loop != nullptr && !injects && loop->blocks.front().kind != BlockKind::thinking;
  return {without && (edit.quirks.third_party || loop->lost_thinking)};
}

bool edit_system(const Edit& edit, json::Value system) {
  if (system.is_string()) return edit_system_text(edit, system);
  std::size_t left = 0;
  for (const auto& block : system.elements()) {
    if (edit.quirks.attribution == Keep::strip && is_attribution(block))
      edit.patch.remove(system, block);
    else
      left += edit_block(edit, system, block).has_value();
  }
  return left > 0 || system.is_empty();
}

}  // namespace penstock::dialect

#include "dialect/adapt.h"

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "dialect/claude_code_marks.h"
#include "dialect/edit.h"
#include "dialect/own_marks.h"
#include "dialect/quirk_fields.h"
#include "dialect/quirk_thinking.h"
#include "dialect/quirk_tools.h"
#include "dialect/quirk_turns.h"

namespace penstock::dialect {

namespace {

using Field = std::optional<json::Member>;

/// The top-level fields that quirks speak of.
struct Fields {
  Field model, messages, system, tools, tool_choice, metadata, temperature, top_p, top_k, stop_sequences, context_management, output_format,
      cache_control;
  ThinkingFields thinking;
};

struct Slot {
  std::string_view name;
  Field& (*in)(Fields&);
};

#define PENSTOCK_SLOT(name)                                     \
  Slot {                                                        \
    #name, [](Fields& fields) -> Field& { return fields.name; } \
  }
#define PENSTOCK_THINKING_SLOT(name)                                     \
  Slot {                                                                 \
    #name, [](Fields& fields) -> Field& { return fields.thinking.name; } \
  }
constexpr auto kSlots = std::to_array<Slot>({
    PENSTOCK_SLOT(model),
    PENSTOCK_SLOT(messages),
    PENSTOCK_SLOT(system),
    PENSTOCK_SLOT(tools),
    PENSTOCK_SLOT(tool_choice),
    PENSTOCK_SLOT(metadata),
    PENSTOCK_SLOT(temperature),
    PENSTOCK_SLOT(top_p),
    PENSTOCK_SLOT(top_k),
    PENSTOCK_SLOT(stop_sequences),
    PENSTOCK_SLOT(context_management),
    PENSTOCK_SLOT(output_format),
    PENSTOCK_SLOT(cache_control),
    PENSTOCK_THINKING_SLOT(thinking),
    PENSTOCK_THINKING_SLOT(output_config),
    PENSTOCK_THINKING_SLOT(max_tokens),
});
#undef PENSTOCK_SLOT
#undef PENSTOCK_THINKING_SLOT

/// Sorts the fields into their places; unknown_fields takes out those that have none.
Fields sort_fields(const Edit& edit, json::Value root) {
  Fields fields;
  std::string scratch;
  for (const auto& member : root.members()) {
    const auto name = member.key.text(scratch);
    const auto* const slot = std::ranges::find(kSlots, name, &Slot::name);
    if (slot != kSlots.end())
      slot->in(fields) = member;
    else if (edit.quirks.unknown_fields == Keep::strip && name != "stream")
      edit.patch.remove(root, member);
  }
  return fields;
}

void remove_if(const Edit& edit, json::Value root, const Field& field, Keep quirk) {
  if (field && quirk == Keep::strip) edit.patch.remove(root, *field);
}

void edit_model(const Edit& edit, const std::optional<json::Value>& model) {
  if (model && !edit.context.model.empty() && !model->equals(edit.context.model))
    edit.patch.replace(*model, json_quote(edit.context.model));
}

void edit_all_tools(const Edit& edit, json::Value root, const Fields& fields, bool thinks) {
  ToolsLeft left;
  if (fields.tools) left = edit_tools(edit, fields.tools->value);
  if (fields.tools && left.count == 0 && (edit.quirks.third_party || !left.removed.empty())) edit.patch.remove(root, *fields.tools);
  if (fields.tool_choice) edit_tool_choice(edit, root, *fields.tool_choice, left, thinks);
}

void edit_plain_fields(const Edit& edit, json::Value root, const Fields& fields) {
  const auto& quirks = edit.quirks;
  remove_if(edit, root, fields.top_p, quirks.top_p);
  remove_if(edit, root, fields.top_k, quirks.top_k);
  remove_if(edit, root, fields.context_management, quirks.context_management);
  remove_if(edit, root, fields.output_format, quirks.output_format);
  remove_if(edit, root, fields.cache_control, quirks.cache_control);
  if (fields.temperature) edit_temperature(edit, root, *fields.temperature);
  if (fields.stop_sequences) edit_stop_sequences(edit, root, *fields.stop_sequences);
  if (fields.metadata) edit_metadata(edit, root, *fields.metadata);
}

void remove_tag(const Edit& edit, json::Value text) {
  if (auto left = without_tag(text, edit.context.facts->subagent_tag)) edit.patch.replace(text, '"' + *left + '"');
}

void remove_tag_from_texts(const Edit& edit, json::Value content) {
  if (content.is_string()) return remove_tag(edit, content);
  for (const auto& block : content.elements())
    if (const auto text = block.find("text")) remove_tag(edit, *text);
}

/// CCR's tag is for the gateway alone.
void remove_subagent_tag(const Edit& edit, json::Value root) {
  const auto* const facts = edit.context.facts;
  if (facts == nullptr || facts->subagent_tag.empty()) return;
  if (const auto system = facts->tag_in_turn ? std::nullopt : root.find("system")) return remove_tag_from_texts(edit, *system);
  const auto messages = root.find("messages");
  if (!messages) return;
  for (const auto& message : messages->elements()) {
    if (message.begin() > facts->subagent_tag.begin) return;
    if (const auto content = message.find("content")) remove_tag_from_texts(edit, *content);
  }
}

/// Nothing but the model's name, and what Anthropic could not have made.
void apply_transparent(const Edit& edit, json::Value root) {
  edit_model(edit, root.find("model"));
  const auto* const facts = edit.context.facts;
  if (facts != nullptr && facts->tagged_blocks == 0) return;
  const auto fields = sort_fields(edit, root);
  if (!fields.messages || !edit_messages(edit, fields.messages->value).open_loop_without_thinking) return;
  if (!fields.thinking.thinking || text_of(fields.thinking.thinking->value, "type") != "enabled") return;
  // Clearing of thinking is only allowed with thinking on, so the two go together.
  edit.patch.remove(root, *fields.thinking.thinking);
  if (fields.context_management) edit.patch.remove(root, *fields.context_management);
}

}  // namespace

void apply(const Quirks& quirks, const json::Document& document, const RequestContext& context, json::Patch& patch) {
  const auto root = document.root();
  const bool may_hold_marks = context.facts == nullptr || context.facts->tagged_blocks != 0;
  const auto searches = may_hold_marks ? own_searches(root) : std::vector<std::string_view>();
  const Edit edit{quirks, context, patch, searches};
  remove_subagent_tag(edit, root);
  static const Quirks kTransparent = transparent();
  if (quirks == kTransparent) return apply_transparent(edit, root);
  const auto fields = sort_fields(edit, root);
  edit_model(edit, fields.model ? std::optional(fields.model->value) : std::nullopt);
  edit_plain_fields(edit, root, fields);
  Conversation conversation;
  if (fields.messages) conversation = edit_messages(edit, fields.messages->value);
  const auto thinking = edit_thinking(edit, root, fields.thinking, conversation.open_loop_without_thinking);
  // With thinking on, only the default temperature is allowed; the client could not know that it would be on.
  if (thinking.made_enabled && fields.temperature && fields.temperature->value.number() != 1) patch.remove(root, *fields.temperature);
  edit_all_tools(edit, root, fields, thinking.on);
  if (fields.system && !edit_system(edit, fields.system->value)) patch.remove(root, *fields.system);
}

}  // namespace penstock::dialect

#include "dialect/own_marks.h"

#include "dialect/openai_chat_answer_writer.h"
#include "dialect/responses_reasoning.h"
#include "dialect/web_search.h"

namespace penstock::dialect {

namespace {

using json::Value;

/// None where there is no such list: an object has no elements.
json::Elements elements_in(Value object, std::string_view key) { return object.find(key).value_or(object).elements(); }

bool begins_with(Value holder, std::string_view key, std::string_view mark) {
  const auto value = holder.find(key);
  return value && value->is_string() && value->raw_text().starts_with(mark);
}

template <typename Test>
bool holds(json::Elements list, Test test) {
  for (const auto element : list)
    if (test(element)) return true;
  return false;
}

void cut_items(Value root, json::Patch& patch) {
  const auto input = root.find("input");
  if (!input) return;
  for (const auto item : input->elements())
    if (begins_with(item, "encrypted_content", kOwnReasoning)) patch.remove(*input, item);
}

bool is_own_detail(Value entry) {
  const auto format = entry.find("format");
  return format && format->equals(kReasoningFormat);
}

/// The details, and the plain text that stands beside them: it is the same reasoning.
void cut_from_message(Value message, const ChatQuirks& quirks, json::Patch& patch) {
  if (!holds(elements_in(message, "reasoning_details"), is_own_detail)) return;
  for (const auto& member : message.members()) {
    const bool text = member.key.equals("reasoning_content") || member.key.equals("reasoning");
    if (text && quirks.reasoning_back == ChatQuirks::ReasoningBack::always)
      patch.replace(member.value, "\"\"");
    else if (text || member.key.equals("reasoning_details"))
      patch.remove(message, member);
  }
}

bool is_own_search(Value block) {
  const auto own = [](Value hit) { return begins_with(hit, "encrypted_content", kOwnSearchText); };
  return begins_with(block, "tool_use_id", "") && holds(elements_in(block, "content"), own);
}

}  // namespace

void cut_own_reasoning(Api api, const json::Document& body, const ChatQuirks& quirks, json::Patch& patch) {
  if (api == Api::openai_responses) cut_items(body.root(), patch);
  if (api == Api::openai_chat)
    for (const auto message : elements_in(body.root(), "messages")) cut_from_message(message, quirks, patch);
}

std::vector<std::string_view> own_searches(Value root) {
  std::vector<std::string_view> ids;
  for (const auto message : elements_in(root, "messages"))
    for (const auto block : elements_in(message, "content"))
      if (is_own_search(block)) ids.push_back(block.find("tool_use_id")->raw());
  return ids;
}

}  // namespace penstock::dialect

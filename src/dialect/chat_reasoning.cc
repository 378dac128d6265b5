#include "dialect/chat_reasoning.h"

#include <optional>

#include "base/append.h"
#include "dialect/efforts.h"

namespace penstock::dialect {

namespace {

using Style = ChatQuirks::Reasoning;
using Off = ChatQuirks::ThinkingOff;

/// What is to be said, whatever the words for it are.
struct Order {
  bool says = true;  // false: nothing
  bool thinks = true;
  std::optional<EffortLevel> level;  // one that the model takes
  std::uint64_t budget = 0;          // tokens; 0: none
};

Order order_of(const llm::Reasoning& reasoning, const ChatQuirks& quirks) {
  const auto wanted = wanted_thinking(reasoning);
  if (wanted.thinks) {
    const auto level = wanted.level ? quirks.efforts.nearest(*wanted.level) : std::nullopt;
    const bool budget = reasoning.mode == llm::Reasoning::Mode::budget && reasoning.effort.empty();
    return {true, true, level, budget ? reasoning.budget : 0};
  }
  if (quirks.thinking_off == Off::omit) return {false, true, {}, 0};
  const auto lowest = quirks.efforts.nearest(EffortLevel::none);
  if (quirks.thinking_off == Off::lowest) return {true, true, lowest, 0};
  return {true, false, {}, 0};
}

void append_effort(std::string& out, std::optional<EffortLevel> level) {
  if (level) append(out, R"(,"reasoning_effort":")", word_of(*level), '"');
}

/// `none` where the model knows the word; else its lowest level, which is the nearest to it.
void append_effort_alone(std::string& out, const Order& order, const ChatQuirks& quirks) {
  if (order.thinks) return append_effort(out, order.level);
  append_effort(out, quirks.efforts.has(EffortLevel::none) ? EffortLevel::none : quirks.efforts.nearest(EffortLevel::none));
}

void append_thinking_type(std::string& out, const Order& order, const ChatQuirks& quirks) {
  append(out, R"(,"thinking":{"type":")", order.thinks ? "enabled" : "disabled", '"');
  if (!quirks.thinking_fields.empty()) append(out, ',', quirks.thinking_fields);
  out += '}';
}

void append_enable_thinking(std::string& out, const Order& order, const ChatQuirks& quirks) {
  append(out, R"(,"enable_thinking":)", order.thinks ? "true" : "false");
  if (!order.thinks) return;
  append_effort(out, order.level);
  if (quirks.efforts.empty() && order.budget != 0) append(out, R"(,"thinking_budget":)", order.budget);
}

void append_reasoning_object(std::string& out, const Order& order) {
  out += R"(,"reasoning":{)";
  if (!order.thinks)
    out += R"("enabled":false)";
  else if (order.level)
    append(out, R"("effort":")", word_of(*order.level), '"');
  else if (order.budget != 0)
    append(out, R"("max_tokens":)", order.budget);
  else
    out += R"("enabled":true)";
  out += '}';
}

}  // namespace

bool append_chat_reasoning(const llm::Reasoning& reasoning, const ChatQuirks& quirks, std::string& out) {
  const auto order = order_of(reasoning, quirks);
  if (quirks.reasoning == Style::none) return order.thinks;
  if (quirks.reasoning == Style::groq) out += R"(,"reasoning_format":"parsed")";
  if (!order.says) return order.thinks;
  switch (quirks.reasoning) {
    case Style::none: break;
    case Style::groq:
    case Style::reasoning_effort: append_effort_alone(out, order, quirks); break;
    case Style::thinking_type: append_thinking_type(out, order, quirks); break;
    case Style::thinking_type_and_effort:
      append_thinking_type(out, order, quirks);
      append_effort(out, order.level);
      break;
    case Style::enable_thinking: append_enable_thinking(out, order, quirks); break;
    case Style::reasoning_object: append_reasoning_object(out, order); break;
    case Style::chat_template_kwargs:
      append(out, R"(,"chat_template_kwargs":{"enable_thinking":)", order.thinks ? "true" : "false", '}');
      break;
  }
  return order.thinks;
}

}  // namespace penstock::dialect

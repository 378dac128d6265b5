// Which betas go along. A beta and its body field travel as a pair: one without the other is a 400 (wire-reference 2.5).
#include <algorithm>
#include <array>

#include "base/text.h"
#include "dialect/quirks.h"

namespace penstock::dialect {

namespace {

/// A beta's name without its date, and whether the quirks take its body field away.
struct Pair {
  std::string_view beta;
  bool (*field_goes)(const Quirks&);
};

bool no_context_management(const Quirks& q) { return q.context_management == Keep::strip; }
bool no_effort(const Quirks& q) { return !q.effort.keep && q.effort.levels == 0; }
bool no_output_format(const Quirks& q) { return q.output_format == Keep::strip; }
bool no_tool_fields(const Quirks& q) { return q.tool_fields == Keep::strip; }
bool no_server_tools(const Quirks& q) { return q.server_tools != ServerTools::keep; }
bool no_structured_outputs(const Quirks& q) { return no_output_format(q) && no_tool_fields(q); }  // `format`, and `strict` in tools
bool no_system_turns(const Quirks& q) { return q.system_turns == SystemTurns::to_user; }
bool no_cache_control(const Quirks& q) { return q.cache_control == Keep::strip; }
bool no_adaptive(const Quirks& q) { return q.thinking_mode != ThinkingMode::any && q.thinking_mode != ThinkingMode::adaptive_only; }
bool no_unknown(const Quirks& q) { return q.unknown_fields == Keep::strip; }

constexpr auto kPairs = std::to_array<Pair>({
    {"context-management", no_context_management},
    {"compact", no_context_management},
    {"effort", no_effort},
    {"structured-outputs", no_structured_outputs},
    {"task-budgets", no_output_format},
    {"mid-conversation-output-config", no_effort},
    {"advanced-tool-use", no_tool_fields},  // defer_loading, input_examples, allowed_callers
    {"fine-grained-tool-streaming", no_tool_fields},
    {"inline-tools", no_tool_fields},
    {"mid-conversation-tool-changes", no_system_turns},
    {"mid-conversation-system", no_system_turns},
    {"mid-conversation-system-clear-at", no_system_turns},
    {"prompt-caching", no_cache_control},
    {"prompt-caching-scope", no_cache_control},
    {"extended-cache-ttl", no_cache_control},
    {"thinking-display-updates", no_adaptive},
    {"thinking-binding-controls", no_adaptive},
    {"computer-use", no_server_tools},
    {"code-execution", no_server_tools},
    {"advisor-tool", no_server_tools},
    {"mcp-client", no_server_tools},
    {"web-fetch", no_server_tools},
    {"fast-mode", no_unknown},
    {"server-side-fallback", no_unknown},
    {"fallback-credit", no_unknown},
    {"message-threads", no_unknown},
    {"skills", no_unknown},
});

/// "effort-2025-11-24" is "effort".
std::string_view without_date(std::string_view beta) {
  const auto date = beta.find("-20");
  return beta.substr(0, date);
}

bool field_goes(const Quirks& quirks, std::string_view beta) {
  const auto name = without_date(beta);
  return std::ranges::any_of(kPairs, [&](const Pair& pair) { return pair.beta == name && pair.field_goes(quirks); });
}

bool passes(const Quirks& quirks, std::string_view beta) {
  if (quirks.betas == Betas::drop) return false;
  if (quirks.betas == Betas::listed && std::ranges::find(quirks.listed_betas, beta) == quirks.listed_betas.end()) return false;
  return !field_goes(quirks, beta);
}

}  // namespace

std::string filter_betas(const Quirks& quirks, std::string_view header_value) {
  const auto betas = split(header_value, ',');
  std::vector<std::string> left;
  for (const auto beta : betas)
    if (passes(quirks, beta)) left.emplace_back(beta);
  return left.size() == betas.size() ? std::string(header_value) : join(left, ",");
}

}  // namespace penstock::dialect

#include "dialect/quirks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace penstock::dialect {

namespace {

/// Sets one quirk from its value; false when the value is not one of its own.
using Setter = bool (*)(Quirks&, std::string_view);

/// `value` is one of `words`, which name the enumeration's values in order.
template <typename Enum, std::size_t N>
bool choose(Enum& member, std::string_view value, const std::array<std::string_view, N>& words) {
  const auto found = std::ranges::find(words, value);
  if (found != words.end()) member = static_cast<Enum>(found - words.begin());
  return found != words.end();
}

constexpr std::array<std::string_view, 2> kKeep{"keep", "strip"};
constexpr std::array<std::string_view, 2> kMedia{"keep", "placeholder"};
constexpr std::array<std::string_view, kEfforts> kEffortWords{"low", "medium", "high", "xhigh", "max"};

bool set_system_turns(Quirks& q, std::string_view v) {
  return choose(q.system_turns, v, std::array<std::string_view, 2>{"keep", "to_user"});
}
bool set_cache_control(Quirks& q, std::string_view v) { return choose(q.cache_control, v, kKeep); }
bool set_thinking(Quirks& q, std::string_view v) {
  return choose(q.thinking, v, std::array<std::string_view, 3>{"keep", "drop", "inject_empty"});
}
bool set_thinking_mode(Quirks& q, std::string_view v) {
  return choose(q.thinking_mode, v, std::array<std::string_view, 5>{"any", "adaptive_only", "enabled_only", "drop", "force_enabled"});
}
bool set_context_management(Quirks& q, std::string_view v) { return choose(q.context_management, v, kKeep); }
bool set_output_format(Quirks& q, std::string_view v) { return choose(q.output_format, v, kKeep); }
bool set_metadata(Quirks& q, std::string_view v) { return choose(q.metadata, v, std::array<std::string_view, 3>{"keep", "hash", "strip"}); }
bool set_tool_fields(Quirks& q, std::string_view v) { return choose(q.tool_fields, v, kKeep); }
bool set_server_tools(Quirks& q, std::string_view v) {
  return choose(q.server_tools, v, std::array<std::string_view, 3>{"keep", "strip", "web_search"});
}
bool set_attribution(Quirks& q, std::string_view v) { return choose(q.attribution, v, kKeep); }
bool set_images(Quirks& q, std::string_view v) { return choose(q.images, v, kMedia); }
bool set_documents(Quirks& q, std::string_view v) { return choose(q.documents, v, kMedia); }
bool set_top_p(Quirks& q, std::string_view v) { return choose(q.top_p, v, kKeep); }
bool set_top_k(Quirks& q, std::string_view v) { return choose(q.top_k, v, kKeep); }
bool set_tool_choice(Quirks& q, std::string_view v) {
  return choose(q.tool_choice, v, std::array<std::string_view, 4>{"keep", "auto_only", "strip", "auto_when_thinking"});
}
bool set_tool_results(Quirks& q, std::string_view v) { return choose(q.tool_results, v, std::array<std::string_view, 2>{"keep", "merge"}); }
bool set_empty_blocks(Quirks& q, std::string_view v) { return choose(q.empty_blocks, v, kKeep); }
bool set_unknown_fields(Quirks& q, std::string_view v) { return choose(q.unknown_fields, v, kKeep); }
bool set_version(Quirks& q, std::string_view v) { return choose(q.version, v, std::array<std::string_view, 2>{"keep", "2023-06-01"}); }
bool set_schema(Quirks& q, std::string_view v) { return choose(q.clean_schema, v, std::array<std::string_view, 2>{"keep", "clean"}); }
bool set_user_agent(Quirks& q, std::string_view v) { return choose(q.user_agent, v, std::array<std::string_view, 2>{"keep", "drop"}); }
/// A shorter way to say `images: placeholder`.
bool set_no_images(Quirks& q, std::string_view v) { return choose(q.images, v, std::array<std::string_view, 2>{"false", "true"}); }

bool set_effort(Quirks& q, std::string_view v) {
  q.effort = {.keep = v == "keep", .levels = 0};
  if (v == "keep" || v == "none") return true;
  for (const auto word : split(v, ',')) {
    const auto found = std::ranges::find(kEffortWords, word);
    if (found == kEffortWords.end()) return false;
    q.effort.levels |= 1U << static_cast<unsigned>(found - kEffortWords.begin());
  }
  return q.effort.levels != 0;
}

bool set_betas(Quirks& q, std::string_view v) {
  q.listed_betas.clear();
  if (choose(q.betas, v, std::array<std::string_view, 2>{"keep", "drop"})) return true;
  q.betas = Betas::listed;
  for (const auto word : split(v, ',')) q.listed_betas.emplace_back(word);
  return !q.listed_betas.empty();
}

bool read_number(std::string_view text, double& value) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size();
}

/// `0..2`, or `(0..1]` where 0 itself is refused.
bool set_temperature(Quirks& q, std::string_view v) {
  q.temperature_range.reset();
  q.temperature = v == "strip" ? Keep::strip : Keep::keep;
  if (v == "keep" || v == "strip") return true;
  Range range;
  if (v.starts_with('(')) {
    if (!v.ends_with(']')) return false;
    range.low_excluded = true;
    v = v.substr(1, v.size() - 2);
  }
  const auto dots = v.find("..");
  if (dots == std::string_view::npos || !read_number(v.substr(0, dots), range.low) || !read_number(v.substr(dots + 2), range.high))
    return false;
  q.temperature_range = range;
  return range.low < range.high;
}

bool set_stop_sequences(Quirks& q, std::string_view v) {
  q.max_stop_sequences = v == "strip" ? 0 : std::numeric_limits<std::uint64_t>::max();
  if (v == "keep" || v == "strip") return true;
  if (!v.starts_with("max:")) return false;
  const auto most = parse_unsigned(v.substr(4));
  q.max_stop_sequences = most.value_or(0);
  return most.has_value();
}

bool set_max_tokens_limit(Quirks& q, std::string_view v) {
  const auto limit = v == "none" ? 0 : parse_unsigned(v);
  q.max_tokens_limit = limit.value_or(0);
  return limit.has_value();
}

constexpr auto kNames = std::to_array<QuirkName>({
    {"system_turns", "keep|to_user", "messages with the role system, inside `messages`: kept, or made user text in <system-reminder>"},
    {"cache_control", "keep|strip", "cache_control wherever it stands"},
    {"thinking", "keep|drop|inject_empty",
     "thinking blocks in the history: the provider's own ones kept, none kept, or an empty one added to tool-calling turns without one"},
    {"thinking_mode", "any|adaptive_only|enabled_only|drop|force_enabled", "the forms of the field `thinking` that the endpoint takes"},
    {"effort", "keep|none|LEVELS", "levels of output_config.effort that it takes, of low,medium,high,xhigh,max; others become the nearest"},
    {"context_management", "keep|strip", "the field context_management and its beta"},
    {"output_format", "keep|strip", "structured output and task budgets: output_format, output_config.format, output_config.task_budget"},
    {"metadata", "keep|hash|strip", "metadata; hash: only a SHA-256 of user_id"},
    {"betas", "keep|drop|LIST", "which values of anthropic-beta pass"},
    {"tool_fields", "keep|strip", "fields of tools beyond name, description, input_schema and type"},
    {"server_tools", "keep|strip|web_search",
     "typed tools: removed, or expanded to a schema where the client runs them; their blocks in the history"},
    {"attribution", "keep|strip", "Claude Code's first system block `x-anthropic-billing-header: …`"},
    {"images", "keep|placeholder", "images become a line of text"},
    {"documents", "keep|placeholder", "documents become their text, or a line of text"},
    {"temperature", "keep|strip|A..B|(A..B]", "temperature, clamped to a range"},
    {"top_p", "keep|strip", "top_p"},
    {"top_k", "keep|strip", "top_k"},
    {"stop_sequences", "keep|strip|max:N", "stop sequences, the first N of them"},
    {"tool_choice", "keep|auto_only|strip|auto_when_thinking", "a forced tool_choice becomes auto; none stays none"},
    {"max_tokens_limit", "none|N", "max_tokens is lowered to N"},
    {"tool_results", "keep|merge", "consecutive user messages become one, tool results first"},
    {"empty_blocks", "keep|strip", "empty text blocks, and messages left empty"},
    {"unknown_fields", "keep|strip", "fields and content blocks that the API of 2023-06-01 does not know"},
    {"version", "keep|2023-06-01", "the header anthropic-version"},
    {"schema", "keep|clean",
     "JSON schema of tools: $schema, $id, $comment, pattern, propertyNames and unusual formats removed, the root an object"},
    {"user_agent", "keep|drop", "the client's user-agent header"},
    {"no_images", "true|false", "the same as images: placeholder"},
});

constexpr auto kSetters = std::to_array<Setter>({
    set_system_turns,  set_cache_control,    set_thinking,     set_thinking_mode, set_effort,         set_context_management,
    set_output_format, set_metadata,         set_betas,        set_tool_fields,   set_server_tools,   set_attribution,
    set_images,        set_documents,        set_temperature,  set_top_p,         set_top_k,          set_stop_sequences,
    set_tool_choice,   set_max_tokens_limit, set_tool_results, set_empty_blocks,  set_unknown_fields, set_version,
    set_schema,        set_user_agent,       set_no_images,
});
static_assert(kNames.size() == kSetters.size());

Error unknown_name(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& row : kNames) names.emplace_back(row.name);
  const auto near = near_names(name, names, 1);
  return config_error("unknown quirk '" + std::string(name) + "'" + (near.empty() ? "" : "; did you mean '" + near.front() + "'?"));
}

Error unknown_value(const QuirkName& row, std::string_view value) {
  std::vector<std::string> words;
  for (const auto word : split(row.values, '|')) words.emplace_back(word);
  const auto near = near_names(value, words, 1);
  return config_error("quirk " + std::string(row.name) + ": '" + std::string(value) + "' is not one of " + join(words, ", ") +
                      (near.empty() ? "" : "; did you mean '" + near.front() + "'?"));
}

}  // namespace

Quirks transparent() { return {}; }

Quirks strict() {
  Quirks q;
  q.third_party = true;
  q.system_turns = SystemTurns::to_user;
  q.thinking_mode = ThinkingMode::enabled_only;
  q.effort = {.keep = false, .levels = 0};
  q.metadata = Metadata::hash;
  q.betas = Betas::drop;
  q.server_tools = ServerTools::strip;
  q.documents = Media::placeholder;
  q.cache_control = q.context_management = q.output_format = q.tool_fields = q.attribution = Keep::strip;
  q.empty_blocks = q.unknown_fields = q.version = Keep::strip;
  return q;
}

Result<Quirks> parse_quirks(const std::map<std::string, std::string>& named, Quirks base) {
  for (const auto& [name, value] : named) {
    const auto row = std::ranges::find(kNames, name, &QuirkName::name);
    if (row == kNames.end()) return fail(unknown_name(name));
    if (!kSetters[static_cast<std::size_t>(row - kNames.begin())](base, trim(value))) return fail(unknown_value(*row, value));
  }
  return base;
}

std::span<const QuirkName> quirk_names() { return kNames; }

}  // namespace penstock::dialect

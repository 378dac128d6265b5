#include "dialect/chat_quirks.h"

#include <array>
#include <utility>

#include "base/text.h"
#include "dialect/quirk_table.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

using View = std::string_view;

template <std::size_t N>
using Words = std::array<View, N>;

constexpr Words<2> kKeep{"keep", "strip"};
constexpr Words<2> kBool{"false", "true"};

bool set_max_tokens(ChatQuirks& q, View v) { return choose_word(q.max_tokens, v, Words<2>{"max_tokens", "max_completion_tokens"}); }
bool set_reasoning(ChatQuirks& q, View v) {
  return choose_word(q.reasoning, v,
                     Words<8>{"none", "reasoning_effort", "thinking_type", "thinking_type_and_effort", "enable_thinking",
                              "reasoning_object", "chat_template_kwargs", "groq"});
}
bool set_thinking_off(ChatQuirks& q, View v) { return choose_word(q.thinking_off, v, Words<3>{"say", "lowest", "omit"}); }
bool set_reasoning_back(ChatQuirks& q, View v) { return choose_word(q.reasoning_back, v, Words<3>{"never", "when_present", "always"}); }
bool set_reasoning_field(ChatQuirks& q, View v) {
  return choose_word(q.reasoning_field, v, Words<4>{"reasoning_content", "reasoning", "reasoning_details", "think_tags"});
}
bool set_think_tags(ChatQuirks& q, View v) { return choose_word(q.think_tags, v, Words<2>{"never", "leading"}); }
bool set_system_role(ChatQuirks& q, View v) { return choose_word(q.system_role, v, Words<2>{"system", "developer"}); }
bool set_system_turns(ChatQuirks& q, View v) { return choose_word(q.system_turns, v, Words<2>{"keep", "to_user"}); }
bool set_top_p(ChatQuirks& q, View v) { return choose_word(q.top_p, v, kKeep); }
bool set_top_k(ChatQuirks& q, View v) { return choose_word(q.top_k, v, kKeep); }
bool set_parallel_tools(ChatQuirks& q, View v) { return choose_word(q.parallel_tools, v, kKeep); }
bool set_strict_tools(ChatQuirks& q, View v) { return choose_word(q.strict_tools, v, kKeep); }
bool set_tool_choice(ChatQuirks& q, View v) {
  return choose_word(q.tool_choice, v, Words<4>{"keep", "auto_only", "strip", "auto_when_thinking"});
}
bool set_tool_images(ChatQuirks& q, View v) { return choose_word(q.tool_images, v, Words<2>{"follow_up", "inline"}); }
bool set_images(ChatQuirks& q, View v) { return choose_word(q.images, v, Words<2>{"keep", "placeholder"}); }
bool set_no_images(ChatQuirks& q, View v) { return choose_word(q.images, v, kBool); }
bool set_documents(ChatQuirks& q, View v) { return choose_word(q.documents, v, Words<3>{"file", "text", "placeholder"}); }
bool set_schema(ChatQuirks& q, View v) { return choose_word(q.schema, v, kSchemaDialects); }
bool set_null_content(ChatQuirks& q, View v) { return choose_word(q.null_content, v, Words<2>{"null", "empty"}); }
bool set_empty_result(ChatQuirks& q, View v) { return q.empty_result = v == "none" ? View() : v, true; }
bool set_stream_usage(ChatQuirks& q, View v) { return choose_word(q.stream_usage, v, Words<2>{"omit", "ask"}); }
bool set_cache_control(ChatQuirks& q, View v) { return choose_word(q.cache_control, v, Words<3>{"strip", "keep", "keep_for_claude"}); }
bool set_json_schema(ChatQuirks& q, View v) { return choose_word(q.json_schema, v, Words<3>{"json_schema", "json_object", "none"}); }
bool set_web_search(ChatQuirks& q, View v) {
  return choose_word(q.web_search, v, Words<5>{"none", "tool", "plugins", "web_search_options", "zai"});
}
bool set_tool_ids(ChatQuirks& q, View v) { return choose_word(q.tool_ids, v, Words<3>{"any", "mistral9", "max40"}); }
bool set_call_signatures(ChatQuirks& q, View v) { return choose_word(q.google_signatures, v, Words<2>{"keep", "google"}); }
bool set_cached_in_prompt(ChatQuirks& q, View v) { return choose_word(q.cached_in_prompt, v, kBool); }

bool set_efforts(ChatQuirks& q, View v) {
  const auto levels = read_effort_levels(v == "never" ? View() : v);
  q.efforts = levels.value_or(EffortLevels());
  return levels && (v == "never" || !levels->empty());
}

bool set_temperature(ChatQuirks& q, View v) {
  q.temperature_range.reset();
  if (choose_word(q.temperature, v, kKeep)) return true;
  q.temperature = Keep::keep;
  q.temperature_range = read_range(v);
  return q.temperature_range.has_value();
}

bool set_stop_sequences(ChatQuirks& q, View v) {
  q.max_stop_sequences = v == "strip" ? 0 : std::numeric_limits<std::uint64_t>::max();
  if (v == "keep" || v == "strip") return true;
  const auto most = v.starts_with("max:") ? parse_unsigned(v.substr(4)) : std::nullopt;
  q.max_stop_sequences = most.value_or(0);
  return most.has_value();
}

bool set_max_tokens_limit(ChatQuirks& q, View v) {
  const auto most = v == "none" ? std::optional<std::uint64_t>(0) : parse_unsigned(v);
  q.max_tokens_limit = most.value_or(0);
  return most.has_value();
}

/// The name of a field of the request, or `none`.
bool set_field(std::string& member, View v) {
  member = v == "none" ? View() : v;
  return !v.empty() && v.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == View::npos;
}
bool set_cache_key(ChatQuirks& q, View v) { return set_field(q.cache_key, v); }
bool set_user(ChatQuirks& q, View v) { return set_field(q.user, v); }

/// A JSON object's members, without its braces.
bool set_members(std::string& member, View v) {
  member.clear();
  if (v == "none") return true;
  const json::Padded text(v);
  json::Document document;
  if (!document.index(text.text()) || !document.root().is_object()) return false;
  const auto object = document.root().raw();
  member = trim(object.substr(1, object.size() - 2));
  return true;
}
bool set_thinking_fields(ChatQuirks& q, View v) { return set_members(q.thinking_fields, v); }
bool set_extra(ChatQuirks& q, View v) { return set_members(q.extra, v); }

constexpr auto kRows = std::to_array<QuirkRow<ChatQuirks>>({
    {{"max_tokens_field", "max_tokens|max_completion_tokens", "the name of the output limit"}, set_max_tokens},
    {{"max_tokens_limit", "none|N", "upper limit of the output limit, beside the model's own max_output"}, set_max_tokens_limit},
    {{"reasoning",
      "none|reasoning_effort|thinking_type|thinking_type_and_effort|enable_thinking|reasoning_object|chat_template_kwargs|groq",
      "the field that turns thinking on and off"},
     set_reasoning},
    {{"efforts", "never|LEVELS", "levels that the model takes, of none,minimal,low,medium,high,xhigh,max; others become the nearest"},
     set_efforts},
    {{"thinking_fields", "none|OBJECT", "what else stands in the object `thinking`, as JSON"}, set_thinking_fields},
    {{"thinking_off", "say|lowest|omit", "when the client wants no thinking: turn it off, name the lowest level, or say nothing"},
     set_thinking_off},
    {{"reasoning_back", "never|when_present|always",
      "the model's earlier reasoning goes back to it; always: an empty text where there is none"},
     set_reasoning_back},
    {{"reasoning_field", "reasoning_content|reasoning|reasoning_details|think_tags", "where it goes back"}, set_reasoning_field},
    {{"think_tags", "never|leading", "reasoning in <think> tags at the start of an answer's text is told from the text"}, set_think_tags},
    {{"system_role", "system|developer", "the role of the system prompt"}, set_system_role},
    {{"system_turns", "keep|to_user", "messages with the role system after the first: kept, or made user text in <system-reminder>"},
     set_system_turns},
    {{"stop_sequences", "keep|strip|max:N", "stop sequences, the first N of them"}, set_stop_sequences},
    {{"temperature", "keep|strip|A..B|(A..B]", "temperature, clamped to a range"}, set_temperature},
    {{"top_p", "keep|strip", "top_p"}, set_top_p},
    {{"top_k", "keep|strip", "top_k, which is not OpenAI's"}, set_top_k},
    {{"parallel_tools", "keep|strip", "parallel_tool_calls"}, set_parallel_tools},
    {{"strict_tools", "keep|strip", "strict, in tools"}, set_strict_tools},
    {{"tool_choice", "keep|auto_only|strip|auto_when_thinking", "a forced tool_choice becomes auto; none stays none"}, set_tool_choice},
    {{"tool_images", "follow_up|inline", "images in tool results: in a user message behind the results, or in place"}, set_tool_images},
    {{"images", "keep|placeholder", "images become a line of text"}, set_images},
    {{"no_images", "true|false", "the same as images: placeholder"}, set_no_images},
    {{"documents", "file|text|placeholder", "PDF goes as a file; text documents go as text in any case but placeholder"}, set_documents},
    {{"schema", "none|openai|openai_strict|gemini|kimi", "the part of JSON Schema that tools may use"}, set_schema},
    {{"null_content", "null|empty", "the content of an assistant message that only calls tools"}, set_null_content},
    {{"empty_result", "none|TEXT", "what stands for an empty tool result"}, set_empty_result},
    {{"stream_usage", "ask|omit", "stream_options.include_usage"}, set_stream_usage},
    {{"cache_key", "none|FIELD", "the field for the session's cache key, such as prompt_cache_key"}, set_cache_key},
    {{"cache_control", "strip|keep|keep_for_claude", "cache marks of Anthropic's kind on text parts"}, set_cache_control},
    {{"user", "none|FIELD", "the field for a hash of the user's id, such as user or safety_identifier"}, set_user},
    {{"json_schema", "json_schema|json_object|none",
      "structured output: by schema, as any JSON with the schema in words, or in words only"},
     set_json_schema},
    {{"web_search", "none|tool|plugins|web_search_options|zai",
      "the provider's own web search: as a tool of its dialect, OpenRouter's plugin, OpenAI's search models, Z.ai's tool"},
     set_web_search},
    {{"tool_ids", "any|mistral9|max40", "the form of tool call ids: any, nine letters and digits, at most 40 characters"}, set_tool_ids},
    {{"call_signatures", "keep|google",
      "extra_content of calls goes back; google: a call without its thought signature says so in Google's word"},
     set_call_signatures},
    {{"cached_in_prompt", "true|false", "prompt_tokens counts the cached tokens too"}, set_cached_in_prompt},
    {{"extra", "none|OBJECT", "fields that every request carries, as JSON"}, set_extra},
});

template <std::size_t... I>
constexpr std::array<QuirkName, sizeof...(I)> names_of(std::index_sequence<I...>) {
  return {kRows[I].name...};
}
constexpr auto kNames = names_of(std::make_index_sequence<kRows.size()>());

}  // namespace

Result<ChatQuirks> parse_chat_quirks(const std::map<std::string, std::string>& named, ChatQuirks base) {
  return lay_over(named, std::move(base), kRows);
}

std::span<const QuirkName> chat_quirk_names() { return kNames; }

}  // namespace penstock::dialect

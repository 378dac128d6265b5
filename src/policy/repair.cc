#include "policy/repair.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"

namespace penstock::policy {

namespace {

using View = std::string_view;

// Stands as other_part for any of kRefusals: the message refuses a field, rather than what stands in it.
constexpr View kRefused = "*";
constexpr View kRefusals[] = {
    "not supported",
    "unsupported",
    "not support",
    "n't support",
    "extra inputs are not permitted",  // Anthropic, Mistral, everything on pydantic
    "extra_forbidden",
    "is not permitted",  // Bedrock: extraneous key [x] is not permitted
    "not allowed",
    "unrecognized request argument",  // OpenAI
    "unrecognized field",
    "unrecognized key",
    "unknown parameter",
    "unknown field",
    "unknown name",     // Google
    "unknown variant",  // DeepSeek
    "unexpected keyword",
    "unexpected field",
    "cannot find field",
    "deprecated",
    "does not match any of the expected tags",
    "is not available",
    "is unavailable",
    "not enabled",
    "incompatible",
    "only the default",
    "cannot be used",
};

// Rows are tried from the top: what is told precisely stands above what is told by a field's name.
constexpr Wording kAnthropicWordings[] = {
    // Several fields are named; one has to go.
    {"temperature", "cannot both be specified", "top_p", "strip"},
    {"temperature", "when thinking is enabled", "temperature", "strip"},
    {"tool_choice", "thinking", "tool_choice", "auto_when_thinking"},  // Anthropic, DeepSeek, Qwen, Kimi, each in its own words
    {"clear_thinking", "thinking", "context_management", "strip"},     // its strategy wants thinking on
    // Output
    {"max_tokens", "maximum allowed number of output tokens", "max_tokens_limit", "#"},
    {"range of max_tokens should be", {}, "max_tokens_limit", "#"},
    {"max_tokens must be less than or equal to", {}, "max_tokens_limit", "#"},
    // Thinking: the form of the field
    {"thinking.type.enabled", "not supported", "thinking_mode", "adaptive_only"},
    {"thinking.type.disabled", "not supported", "thinking_mode", "drop"},
    {"adaptive thinking is not supported", {}, "thinking_mode", "enabled_only"},
    {"'adaptive'", "expected tags", "thinking_mode", "enabled_only"},
    {"'adaptive' is not supported", {}, "thinking_mode", "enabled_only"},
    {"adaptive", kRefused, "thinking_mode", "enabled_only", "thinking.type.enabled"},
    // Thinking: earlier blocks in the history
    {"in the thinking mode must be passed back", {}, "thinking", "inject_empty"},  // DeepSeek
    {"thinking is enabled but", "reasoning", "thinking", "inject_empty"},          // Kimi
    {"invalid `signature` in `thinking`", {}, "thinking", "drop", {}, false},
    {"thinking` or `redacted_thinking` blocks", "cannot be modified", "thinking", "drop", {}, false},
    {"expected `thinking` or `redacted_thinking`", {}, "thinking_mode", "drop", {}, false},
    // Effort and structured output, which share output_config
    {"supported levels:", "effort", "effort", "@"},
    {"output_config.format", kRefused, "output_format", "strip"},
    {"output_config.task_budget", kRefused, "output_format", "strip"},
    {"output_format", kRefused, "output_format", "strip"},
    {"structured output", kRefused, "output_format", "strip"},
    {"output_config", kRefused, "effort", "none"},
    {"output_config", kRefused, "output_format", "strip"},
    {"effort", kRefused, "effort", "none"},
    // Tools
    {"input_schema", "does not support", "schema", "clean"},
    {"input_schema", "schema is invalid", "schema", "clean"},
    {"json schema", kRefused, "schema", "clean"},
    {"web_search_20", kRefused, "server_tools", "strip"},
    {"web_fetch_20", kRefused, "server_tools", "strip"},
    {"server tool", kRefused, "server_tools", "strip"},
    {"defer_loading", kRefused, "tool_fields", "strip"},
    {"eager_input_streaming", kRefused, "tool_fields", "strip"},
    {"input_examples", kRefused, "tool_fields", "strip"},
    {"allowed_callers", kRefused, "tool_fields", "strip"},
    {"custom.strict", kRefused, "tool_fields", "strip"},
    {"tool_choice", kRefused, "tool_choice", "auto_only"},
    {"tool_choice", kRefused, "tool_choice", "strip"},
    {"disable_parallel_tool_use", kRefused, "tool_choice", "strip"},
    {"without `tool_result` blocks immediately after", {}, "tool_results", "merge", {}, false},
    {"roles must alternate", {}, "tool_results", "merge"},
    // Betas; what they allow in the body is refused next, and stripped then
    {"unexpected value", "anthropic-beta", "betas", "drop"},
    {"anthropic-beta", kRefused, "betas", "drop"},
    {"invalid beta flag", {}, "betas", "drop"},  // Bedrock
    {"long context beta", "not yet available", "betas", "drop"},
    {"beta feature", kRefused, "betas", "drop"},
    {"anthropic-version", "not a valid version", "version", "2023-06-01"},
    // Messages and system
    {"unexpected role \"system\"", {}, "system_turns", "to_user"},
    {"input should be 'user' or 'assistant'", {}, "system_turns", "to_user"},
    {"role 'system' must precede", {}, "system_turns", "to_user", {}, false},
    {"unknown variant `system`", {}, "system_turns", "to_user"},
    {"role", "'system' is not supported", "system_turns", "to_user"},
    {"x-anthropic-billing-header", {}, "attribution", "strip"},
    {"text content blocks must be non-empty", {}, "empty_blocks", "strip"},
    {"messages must have non-empty content", {}, "empty_blocks", "strip"},
    // Fields by name
    {"context_management", kRefused, "context_management", "strip"},
    {"cache_control", kRefused, "cache_control", "strip"},
    {"metadata.user_id", "should have at most", "metadata", "hash"},
    {"metadata", kRefused, "metadata", "strip"},
    {"invalid temperature", "only", "temperature", "strip"},  // Kimi
    {"temperature", kRefused, "temperature", "strip"},
    {"top_p", kRefused, "top_p", "strip"},
    {"top_k", kRefused, "top_k", "strip"},
    {"stop_sequences", kRefused, "stop_sequences", "strip"},
    {"image input", kRefused, "images", "placeholder"},
    {"support image", kRefused, "images", "placeholder", "format"},
    {"no endpoints found that support image input", {}, "images", "placeholder"},  // OpenRouter, with 404
    {"not a multimodal model", {}, "images", "placeholder"},
    {"missing data required for image input", {}, "images", "placeholder"},  // Ollama
    {"image(s) may be provided", "at most 0", "images", "placeholder"},      // vLLM
    {"unknown variant `image`", {}, "images", "placeholder"},
    {"document", kRefused, "documents", "placeholder", "documentation"},
    {"pdf", kRefused, "documents", "placeholder"},
    {"thinking", kRefused, "thinking_mode", "drop"},
    {"extra inputs are not permitted", {}, "unknown_fields", "strip"},
};

constexpr Wording kChatWordings[] = {
    // The name of the output limit. OpenAI names both in one sentence.
    {"use 'max_completion_tokens' instead", {}, "max_tokens_field", "max_completion_tokens"},
    {"max_completion_tokens", kRefused, "max_tokens_field", "max_tokens", "use 'max_completion_tokens' instead"},
    // Thinking: earlier reasoning
    {"reasoning_content", "must be passed back", "reasoning_back", "always"},        // DeepSeek
    {"reasoning_content is missing", {}, "reasoning_back", "always"},                // Kimi
    {"property 'reasoning_content' is unsupported", {}, "reasoning_back", "never"},  // Groq
    {"property 'reasoning' is unsupported", {}, "reasoning_back", "never"},
    {"reasoning_content", kRefused, "reasoning_back", "never"},
    {"thought_signature", "missing", "call_signatures", "google"},
    // Thinking: the request
    {"tool_choice", "thinking", "tool_choice", "auto_when_thinking"},
    {"supported values are:", "reasoning", "efforts", "@"},
    {"supported levels:", "effort", "efforts", "@"},
    {"reasoning is mandatory", {}, "thinking_off", "omit"},       // OpenRouter
    {"only works in thinking mode", {}, "thinking_off", "omit"},  // Google
    {"enable_thinking must be", "false", "reasoning", "none", {}, false},
    {"reasoning_effort", kRefused, "reasoning", "none"},
    {"reasoning.effort", kRefused, "reasoning", "none", "has moved to"},
    {"enable_thinking", kRefused, "reasoning", "none"},
    {"chat_template_kwargs", kRefused, "reasoning", "none"},
    {"thinking_config", kRefused, "reasoning", "none"},
    {"thinkingconfig", kRefused, "reasoning", "none"},
    {"encrypted content", kRefused, "reasoning_back", "never"},
    // Roles
    {"'system'", "unsupported value: 'messages[0].role'", "system_role", "developer"},  // OpenAI's o-series
    {"unknown variant `developer`", {}, "system_role", "system"},                       // DeepSeek
    {"role", "'developer'", "system_role", "system"},
    {"role", "\"developer\"", "system_role", "system"},
    {"developer role", kRefused, "system_role", "system"},
    {"role: developer", {}, "system_role", "system"},
    {"'developer' is not one of", {}, "system_role", "system"},
    {"system message must be at the beginning", {}, "system_turns", "to_user"},  // templates of Qwen and others
    // Fields by name
    {"stream_options", kRefused, "stream_usage", "omit"},
    {"include_usage", kRefused, "stream_usage", "omit"},
    {"parallel_tool_calls", kRefused, "parallel_tools", "strip"},
    {"must be 'json_schema' or 'text'", {}, "json_schema", "json_schema"},  // LM Studio
    {"json_object", kRefused, "json_schema", "none"},
    {"response_format", kRefused, "json_schema", "json_object"},
    {"json_schema", kRefused, "json_schema", "json_object"},
    {"structured output", kRefused, "json_schema", "json_object"},
    {"response_format", kRefused, "json_schema", "none"},
    {"invalid temperature", "only", "temperature", "strip"},
    {"temperature", kRefused, "temperature", "strip"},
    {"top_p", kRefused, "top_p", "strip"},
    {"top_k", kRefused, "top_k", "strip"},
    {"'stop'", kRefused, "stop_sequences", "strip"},
    {"supplied: stop", kRefused, "stop_sequences", "strip"},
    {"stopsequences", kRefused, "stop_sequences", "strip"},
    {"parameter `stop`", kRefused, "stop_sequences", "strip"},
    {"argument not supported on this model: stop", {}, "stop_sequences", "strip"},  // xAI
    {"prompt_cache_key", kRefused, "cache_key", "none"},
    {"safety_identifier", kRefused, "user", "none"},
    {"supplied: user", kRefused, "user", "none"},
    {"cache_control", kRefused, "cache_control", "strip"},
    {"web_search", kRefused, "web_search", "none"},
    // Tools
    {"moonshot flavored json schema", {}, "schema", "kimi"},
    {"function_declarations", "cannot find field", "schema", "gemini"},  // Google
    {"functiondeclarations", "cannot find field", "schema", "gemini"},
    {"'additionalproperties' is required", {}, "strict_tools", "strip"},  // OpenAI, of a schema that cannot be strict
    {"function.strict", kRefused, "strict_tools", "strip"},
    {"invalid schema for function", {}, "schema", "gemini"},  // the smallest part of JSON Schema that is known to be taken
    {"invalid_function_parameters", {}, "schema", "gemini"},
    {"tool call id", "length of 9", "tool_ids", "mistral9"},
    {"tool_call", "maximum length 40", "tool_ids", "max40"},
    {"tool_choice", kRefused, "tool_choice", "auto_only"},
    {"tool_choice", kRefused, "tool_choice", "strip"},
    // Content
    {"unknown variant `image_url`", {}, "images", "placeholder"},                 // DeepSeek
    {"untagged enum chatcompletionrequestcontent", {}, "images", "placeholder"},  // DeepSeek, of any content that is a list
    {"image_url", kRefused, "images", "placeholder"},
    {"image_url is only supported by certain models", {}, "images", "placeholder"},
    {"support image", kRefused, "images", "placeholder", "format"},
    {"no endpoints found that support image input", {}, "images", "placeholder"},  // OpenRouter, with 404
    {"image input", kRefused, "images", "placeholder"},
    {"not a multimodal model", {}, "images", "placeholder"},
    {"image(s) may be provided", "at most 0", "images", "placeholder"},
    {"missing data required for image input", {}, "images", "placeholder"},
    {"\xe5\x8f\x96\xe5\x80\xbc\xe8\x8c\x83\xe5\x9b\xb4 ['text']", {}, "images", "placeholder"},  // Z.ai: the range of values is ['text']
    {"unknown variant `file`", {}, "documents", "text"},
    {"unknown variant `input_file`", {}, "documents", "text"},
    {"pdf", kRefused, "documents", "placeholder"},
    {"content", "invalid type: null", "null_content", "empty"},
    {"content", "got null", "null_content", "empty"},
    {"content", "none is not an allowed value", "null_content", "empty"},
    // Last, since many messages have these words
    {"reasoning", kRefused, "reasoning", "none", "has moved to"},
    {"thinking", kRefused, "reasoning", "none"},
};

bool refuses(View lowered) {
  return std::ranges::any_of(kRefusals, [&](View words) { return lowered.contains(words); });
}

bool fits(const Wording& row, View lowered, bool refused) {
  if (!lowered.contains(row.part) || (!row.unless.empty() && lowered.contains(row.unless))) return false;
  return row.other_part == kRefused ? refused : lowered.contains(row.other_part);
}

/// The last number of the message that may be a limit of tokens: both wordings that tell one name it behind the refused number.
std::string limit_in(View lowered) {
  constexpr std::uint64_t kLeast = 256, kMost = 10'000'000;
  std::string found;
  for (std::size_t at = 0; at < lowered.size();) {
    const auto begin = lowered.find_first_of("0123456789", at);
    if (begin == View::npos) break;
    at = std::min(lowered.find_first_not_of("0123456789", begin), lowered.size());
    const auto digits = lowered.substr(begin, at - begin);
    const auto value = parse_unsigned(digits);
    const bool whole = begin == 0 || lowered[begin - 1] == ' ' || lowered[begin - 1] == '[';  // not a part of a model's name
    if (whole && value && *value >= kLeast && *value <= kMost) found = digits;
  }
  return found;
}

/// The levels behind `supported`, lowest first, joined with commas; empty when there is none.
std::string levels_in(View lowered, QuirkSet set) {
  constexpr View kLevels[] = {"none", "minimal", "low", "medium", "high", "xhigh", "max"};
  const auto list = lowered.substr(std::min(lowered.rfind("supported "), lowered.size()));
  std::vector<std::string> words;
  std::string word;
  for (const char c : std::string(list) + ' ') {
    if (c >= 'a' && c <= 'z')
      word += c;
    else if (!word.empty())
      words.push_back(std::exchange(word, {}));
  }
  std::vector<std::string> levels;
  for (const auto level : kLevels) {
    if (set == QuirkSet::anthropic && (level == "none" || level == "minimal")) continue;  // no levels of output_config.effort
    if (std::ranges::find(words, level) != words.end()) levels.emplace_back(level);
  }
  return join(levels, ",");
}

std::string value_of(const Wording& row, View lowered, QuirkSet set) {
  if (row.value == "#") return limit_in(lowered);
  return row.value == "@" ? levels_in(lowered, set) : std::string(row.value);
}

bool was_tried(std::span<const Repair> tried, const Repair& repair) {
  return std::ranges::any_of(tried, [&](const Repair& each) { return each.quirk == repair.quirk && each.value == repair.value; });
}

}  // namespace

std::span<const Wording> wordings(QuirkSet set) {
  return set == QuirkSet::anthropic ? std::span<const Wording>(kAnthropicWordings) : std::span<const Wording>(kChatWordings);
}

std::optional<Repair> repair_for(QuirkSet set, std::string_view message, std::span<const Repair> tried) {
  const std::string lowered = to_lower(message);
  const bool refused = refuses(lowered);
  for (const auto& row : wordings(set)) {
    if (!fits(row, lowered, refused)) continue;
    Repair repair{std::string(row.quirk), value_of(row, lowered, set), row.lasting};
    if (!repair.value.empty() && !was_tried(tried, repair)) return repair;
  }
  return std::nullopt;
}

}  // namespace penstock::policy

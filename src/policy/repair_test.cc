#include "policy/repair.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/text.h"
#include "dialect/chat_quirks.h"
#include "dialect/quirks.h"

namespace penstock::policy {
namespace {

struct Case {
  std::string_view message, repair;  // "quirk=value", "~" in front: for this request only; empty: none
};

std::string shown(const std::optional<Repair>& repair) {
  return repair ? (repair->lasting ? "" : "~") + repair->quirk + "=" + repair->value : "";
}

// Messages as providers and their users report them.
constexpr Case kAnthropic[] = {
    {"adaptive thinking is not supported on this model", "thinking_mode=enabled_only"},
    {"thinking: Input tag 'adaptive' found using 'type' does not match any of the expected tags: 'disabled', 'enabled'",
     "thinking_mode=enabled_only"},
    {"Only 'enabled' and 'disabled' are supported for thinking; 'adaptive' is not supported.", "thinking_mode=enabled_only"},
    {"\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control "
     "thinking behavior.",
     "thinking_mode=adaptive_only"},
    {"\"thinking.type.disabled\" is not supported for this model.", "thinking_mode=drop"},
    {"thinking: Extra inputs are not permitted", "thinking_mode=drop"},
    {"This model does not support thinking", "thinking_mode=drop"},
    {"Thinking may not be enabled when tool_choice forces tool use.", "tool_choice=auto_when_thinking"},
    {"Thinking mode does not support this tool_choice", "tool_choice=auto_when_thinking"},
    {"tool_choice specified is incompatible with thinking enabled", "tool_choice=auto_when_thinking"},
    {"messages.1.content.0: Invalid `signature` in `thinking` block", "~thinking=drop"},
    {"messages.129.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final "
     "`assistant` message must start with a thinking block",
     "~thinking_mode=drop"},
    {"The content[].thinking in the thinking mode must be passed back to the API.", "thinking=inject_empty"},
    {"`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive", "context_management=strip"},
    {"This model does not support effort level 'max'. Supported levels: high, low, medium.", "effort=low,medium,high"},
    {"This model does not support the effort parameter.", "effort=none"},
    {"output_config.effort \"high\" was provided, but model claude-haiku-4.5 does not support reasoning effort", "effort=none"},
    {"output_config: Extra inputs are not permitted", "effort=none"},
    {"output_config.format: Extra inputs are not permitted", "output_format=strip"},
    {"context_management: Extra inputs are not permitted", "context_management=strip"},
    {"Unexpected value(s) `prompt-caching-scope-2026-01-05` for the `anthropic-beta` header. Please consult our documentation",
     "betas=drop"},
    {"invalid beta flag", "betas=drop"},
    {"messages.1.content.0.thinking.cache_control: Extra inputs are not permitted", "cache_control=strip"},
    {"tools.0.custom.defer_loading: Extra inputs are not permitted", "tool_fields=strip"},
    {"tools.106.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level", "schema=clean"},
    {"tools.11.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12", "schema=clean"},
    {"tools.3: Input tag 'web_search_20250305' found using 'type' does not match any of the expected tags: 'custom'", "server_tools=strip"},
    {"messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter", "system_turns=to_user"},
    {"body.messages.1.role: Input should be 'user' or 'assistant'", "system_turns=to_user"},
    {"messages.67: role 'system' must precede an 'assistant' message or end the array", "~system_turns=to_user"},
    {"`temperature` is deprecated for this model.", "temperature=strip"},
    {"`temperature` and `top_p` cannot both be specified for this model. Please use only one.", "top_p=strip"},
    {"`temperature` may only be set to 1 when thinking is enabled.", "temperature=strip"},
    {"invalid temperature: only 1 is allowed for this model", "temperature=strip"},
    {"top_k: Extra inputs are not permitted", "top_k=strip"},
    {"max_tokens: 128001 > 64000, which is the maximum allowed number of output tokens for claude-opus-4-5-20251101",
     "max_tokens_limit=64000"},
    {"Range of max_tokens should be [1, 65536]", "max_tokens_limit=65536"},
    {"This model does not support image input", "images=placeholder"},
    {"messages: text content blocks must be non-empty", "empty_blocks=strip"},
    {"metadata.user_id: String should have at most 256 characters", "metadata=hash"},
    {"x-anthropic-billing-header is a reserved keyword and may not be used in the system prompt.", "attribution=strip"},
    {"messages.4: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_01", "~tool_results=merge"},
    {"tool_choice: extraneous key [disable_parallel_tool_use] is not permitted", "tool_choice=auto_only"},
    {"inference_geo: Extra inputs are not permitted", "unknown_fields=strip"},
    {"anthropic-version: \"2026-10-21\" is not a valid version", "version=2023-06-01"},
    {"The long context beta is not yet available for this subscription.", "betas=drop"},
    // What no quirk mends
    {"context_management requires the beta `context-management-2025-06-27` in the header anthropic-beta", ""},
    {"messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6000000 bytes > 5242880 bytes", ""},
    {"Could not process image", ""},
    {"unsupported image format: the formats that we support: image/png", ""},
    {"A maximum of 4 blocks with cache_control may be provided. Found 5.", ""},
    {"`max_tokens` must be greater than `thinking.budget_tokens`.", ""},
    {"stop_sequences: each stop sequence must contain non-whitespace", ""},
    {"messages: at least one message is required", ""},
    {"prompt is too long: 213462 tokens > 200000 maximum", ""},
    {"Invalid request data", ""},
    {"model: Field required", ""},
    {"", ""},
};

constexpr Case kChat[] = {
    {"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
     "max_tokens_field=max_completion_tokens"},
    {"body.max_completion_tokens: Extra inputs are not permitted", "max_tokens_field=max_tokens"},
    {"Unsupported value: 'reasoning_effort' does not support 'none' with this model. Supported values are: 'minimal', 'low', 'medium', and "
     "'high'.",
     "efforts=minimal,low,medium,high"},
    {"Unrecognized request argument supplied: reasoning_effort", "reasoning=none"},
    {"property 'reasoning_effort' is unsupported", "reasoning=none"},
    {"Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use /v1/responses instead.",
     "reasoning=none"},
    {"Unrecognized request argument supplied: thinking", "reasoning=none"},
    {"Reasoning is mandatory for this endpoint and cannot be disabled.", "thinking_off=omit"},
    {"Budget 0 is invalid. This model only works in thinking mode.", "thinking_off=omit"},
    {"The reasoning_content in the thinking mode must be passed back to the API.", "reasoning_back=always"},
    {"thinking is enabled but reasoning_content is missing in assistant tool call message at index 4", "reasoning_back=always"},
    {"'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning_content' is unsupported)]",
     "reasoning_back=never"},
    {"Function call is missing a thought_signature in functionCall parts.", "call_signatures=google"},
    {"body.stream_options.include_usage: Extra inputs are not permitted", "stream_usage=omit"},
    {"Unrecognized request argument supplied: stream_options", "stream_usage=omit"},
    {"Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `developer`, expected one of `system`, "
     "`user`, `assistant`, `tool` at line 1 column 40",
     "system_role=system"},
    {"Unsupported value: 'messages[0].role' does not support 'system' with this model.", "system_role=developer"},
    {"System message must be at the beginning.", "system_turns=to_user"},
    {"Unsupported parameter: 'parallel_tool_calls' is not supported with this model.", "parallel_tools=strip"},
    {"This response_format type is unavailable now", "json_schema=json_object"},
    {"Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", "json_schema=json_object"},
    {"'response_format.type' must be 'json_schema' or 'text'", "json_schema=json_schema"},
    {"Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.", "temperature=strip"},
    {"Unsupported parameter: 'stop' is not supported with this model.", "stop_sequences=strip"},
    {"Unrecognized request argument supplied: top_k", "top_k=strip"},
    {"The tool_choice parameter does not support being set to required or object in thinking mode", "tool_choice=auto_when_thinking"},
    {"Invalid JSON payload received. Unknown name \"exclusiveMinimum\" at 'tools[0].function_declarations[17].parameters': Cannot find "
     "field.",
     "schema=gemini"},
    {"Invalid schema for function 'x': In context=(), 'additionalProperties' is required to be supplied and to be false",
     "strict_tools=strip"},
    {"Invalid schema for function 'x': schema must have type 'object' and not have 'oneOf' at the top level.", "schema=gemini"},
    {"Tool call id was call_0fypS1hVX but must be a-z, A-Z, 0-9, with a length of 9.", "tool_ids=mistral9"},
    {"Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum length 40, but got 51", "tool_ids=max40"},
    {"messages[1]: unknown variant `image_url`, expected `text` at line 1 column 900", "images=placeholder"},
    {"No endpoints found that support image input", "images=placeholder"},
    {"image input is not supported - hint: if this is unexpected, you may need to provide the mmproj", "images=placeholder"},
    {"At most 0 image(s) may be provided in one request.", "images=placeholder"},
    {"messages[3].content: invalid type: null, expected a string", "null_content=empty"},
    {"body.prompt_cache_key: Extra inputs are not permitted", "cache_key=none"},
    {"messages must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", ""},
    {"This model's maximum context length is 131072 tokens. However, you requested 140000 tokens", ""},
    {"You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg']", ""},
    {"Invalid value: 'x'. See https://developers.example.com/roles", ""},
    {"Invalid value: 'developer'. Role must be one of system, user", "system_role=system"},
};

TEST(Repair, AnthropicMessages) {
  for (const auto& [message, repair] : kAnthropic) EXPECT_EQ(shown(repair_for(QuirkSet::anthropic, message)), repair) << message;
}

TEST(Repair, ChatMessages) {
  for (const auto& [message, repair] : kChat) EXPECT_EQ(shown(repair_for(QuirkSet::chat, message)), repair) << message;
}

/// Every repair is one that the tables of quirks take.
TEST(Repair, EveryRowNamesAQuirk) {
  for (const auto set : {QuirkSet::anthropic, QuirkSet::chat})
    for (const auto& row : wordings(set)) {
      const std::string value(row.value == "#" ? "4096" : row.value == "@" ? "low,high" : row.value);
      const std::map<std::string, std::string> named{{std::string(row.quirk), value}};
      const bool known =
          set == QuirkSet::anthropic ? dialect::parse_quirks(named, {}).has_value() : dialect::parse_chat_quirks(named, {}).has_value();
      EXPECT_TRUE(known) << row.quirk << ": " << value;
      EXPECT_EQ(row.part, to_lower(row.part));
      EXPECT_EQ(row.other_part, to_lower(row.other_part));
      EXPECT_EQ(row.unless, to_lower(row.unless));
    }
}

/// A message that stands after each repair runs out of repairs, and no repair comes twice.
TEST(Repair, LaddersEnd) {
  const auto climb = [](QuirkSet set, std::string_view message) {
    std::vector<Repair> tried;
    std::set<std::string> seen;
    while (const auto repair = repair_for(set, message, tried)) {
      EXPECT_TRUE(seen.insert(shown(repair)).second) << message << ": " << shown(repair) << " again";
      if (tried.size() > 10) return tried;
      tried.push_back(*repair);
    }
    return tried;
  };
  for (const auto& each : kAnthropic) EXPECT_LE(climb(QuirkSet::anthropic, each.message).size(), 4U) << each.message;
  for (const auto& each : kChat) EXPECT_LE(climb(QuirkSet::chat, each.message).size(), 4U) << each.message;
  const auto config = climb(QuirkSet::anthropic, "output_config: Extra inputs are not permitted");
  ASSERT_EQ(config.size(), 3U);
  EXPECT_EQ(shown(config[0]), "effort=none");
  EXPECT_EQ(shown(config[1]), "output_format=strip");
  EXPECT_EQ(shown(config[2]), "unknown_fields=strip");
}

/// The two names of the output limit never alternate.
TEST(Repair, OutputLimitDoesNotFlip) {
  const std::string_view message = kChat[0].message;
  const Repair first = *repair_for(QuirkSet::chat, message);
  EXPECT_EQ(repair_for(QuirkSet::chat, message, std::span(&first, 1)), std::nullopt);
}

}  // namespace
}  // namespace penstock::policy

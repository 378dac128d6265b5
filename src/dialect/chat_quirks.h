// Quirks of providers that speak another dialect than Anthropic's: how each differs from the others, as named data (wire-reference 3.3,
// 3.4, 4). Most are Chat Completions endpoints, after which the set is named; Responses and Gemini use what of it they have a field for.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dialect/efforts.h"
#include "dialect/quirks.h"
#include "dialect/schema_cleaner.h"
#include "dialect/tool_names.h"

namespace penstock::dialect {

/// The compiled set. The default one suits an endpoint that knows little: the names are those of the table in chat_quirks.cc.
struct ChatQuirks {
  enum class MaxTokens : std::uint8_t { max_tokens, max_completion_tokens };
  /// How thinking is asked for.
  enum class Reasoning : std::uint8_t {
    none,
    reasoning_effort,
    thinking_type,
    thinking_type_and_effort,
    enable_thinking,
    reasoning_object,
    chat_template_kwargs,
    groq,
  };
  /// What is said when the client wants no thinking.
  enum class ThinkingOff : std::uint8_t { say, lowest, omit };
  enum class ReasoningBack : std::uint8_t { never, when_present, always };
  enum class ReasoningField : std::uint8_t { reasoning_content, reasoning, reasoning_details, think_tags };
  enum class ThinkTags : std::uint8_t { never, leading };
  enum class SystemRole : std::uint8_t { system, developer };
  enum class ToolImages : std::uint8_t { follow_up, inlined };
  enum class Documents : std::uint8_t { file, text, placeholder };
  enum class EmptyContent : std::uint8_t { null, empty };
  enum class CacheControl : std::uint8_t { strip, keep, keep_for_claude };
  enum class JsonSchema : std::uint8_t { json_schema, json_object, none };
  /// How the provider is asked to search the web by itself, where it can.
  enum class WebSearch : std::uint8_t { none, tool, plugins, web_search_options, zai };

  MaxTokens max_tokens = MaxTokens::max_tokens;
  Reasoning reasoning = Reasoning::none;
  EffortLevels efforts;         // empty: no level is ever named
  std::string thinking_fields;  // members for the `thinking` object: `"clear_thinking":false`
  ThinkingOff thinking_off = ThinkingOff::say;
  ReasoningBack reasoning_back = ReasoningBack::never;
  ReasoningField reasoning_field = ReasoningField::reasoning_content;
  ThinkTags think_tags = ThinkTags::leading;
  SystemRole system_role = SystemRole::system;
  SystemTurns system_turns = SystemTurns::to_user;
  std::uint64_t max_stop_sequences = 4;  // 0: the field goes
  std::uint64_t max_tokens_limit = 0;    // beside the model's own max_output; 0: none
  Keep temperature = Keep::keep;
  std::optional<Range> temperature_range;
  Keep top_p = Keep::keep;
  Keep top_k = Keep::strip;  // not OpenAI's, but some servers have it
  Keep parallel_tools = Keep::strip;
  Keep strict_tools = Keep::strip;
  ToolChoice tool_choice = ToolChoice::keep;
  ToolImages tool_images = ToolImages::follow_up;
  Media images = Media::keep;
  Documents documents = Documents::text;
  SchemaDialect schema = SchemaDialect::openai;
  EmptyContent null_content = EmptyContent::null;
  std::string empty_result = "(no output)";
  bool stream_usage = true;  // ask for the usage chunk
  std::string cache_key;     // name of the field for the session's key; empty: none
  CacheControl cache_control = CacheControl::strip;
  std::string user;  // name of the field for the user's hash; empty: none
  JsonSchema json_schema = JsonSchema::json_object;
  CallIdForm tool_ids = CallIdForm::any;
  WebSearch web_search = WebSearch::none;
  bool google_signatures = false;  // the first call of a turn must carry a thought signature
  bool cached_in_prompt = true;    // prompt_tokens counts cached tokens too
  std::string extra;               // members that every request carries: `"tool_stream":true`
  bool operator==(const ChatQuirks&) const = default;
};

/// Lays named values over a base. Fails (config) on an unknown name or value, and suggests what may have been meant.
Result<ChatQuirks> parse_chat_quirks(const std::map<std::string, std::string>& named, ChatQuirks base);

/// The table, for documentation and completion.
[[nodiscard]] std::span<const QuirkName> chat_quirk_names();

}  // namespace penstock::dialect

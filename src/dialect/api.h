// The APIs that are spoken, with clients and with providers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::dialect {

/// No client speaks gemini.
enum class Api : std::uint8_t { anthropic, openai_chat, openai_responses, gemini };

/// By the word of the configuration: anthropic, openai-chat, openai-responses, gemini.
[[nodiscard]] std::optional<Api> parse_api(std::string_view word);
/// The word.
[[nodiscard]] std::string_view name(Api api);

}  // namespace penstock::dialect

// Thinking blocks as the `encrypted_content` of reasoning items: what a client of Responses gets, keeps and returns without a look at it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "llm/request.h"

namespace penstock::dialect {

/// What we wrote begins so. All other encrypted content is somebody else's.
inline constexpr std::string_view kOwnReasoning = "penstock-v1.";

/// A block with its text and its seal (the insides of JSON strings). `sealed`: redacted_thinking, whose seal is its data. Not secret, only
/// opaque: the seal is checked by whom it belongs to (dialect/signature.h).
[[nodiscard]] std::string close_reasoning(std::string_view text, std::string_view seal, bool sealed);

/// The block again, byte for byte; `request` keeps its bytes. Nothing for what is not ours, or was altered.
[[nodiscard]] std::optional<llm::ThinkingPart> open_reasoning(std::string_view encrypted_content, llm::Request& request);

}  // namespace penstock::dialect

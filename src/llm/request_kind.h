// What a request is for, as far as routing cares. One request may be of several kinds.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::llm {

enum class RequestKind : std::uint8_t {
  background,    // small requests that Claude Code makes for itself: titles, summaries, checks
  long_context,  // more input tokens than a route says
  thinking,      // asks for thinking
  web_search,    // offers the web search tool
  images,        // holds images
  subagent,      // of an agent that the session's own model started
  plan_mode,     // Claude Code plans and must not change anything
};

inline constexpr std::array<std::string_view, 7> kRequestKinds{"background", "long_context", "thinking", "web_search",
                                                               "images",     "subagent",     "plan_mode"};

/// As `routes` spells it.
[[nodiscard]] constexpr std::string_view name(RequestKind kind) { return kRequestKinds[static_cast<std::size_t>(kind)]; }
[[nodiscard]] constexpr std::optional<RequestKind> parse_request_kind(std::string_view word) {
  const auto* const found = std::ranges::find(kRequestKinds, word);
  if (found == kRequestKinds.end()) return std::nullopt;
  return static_cast<RequestKind>(found - kRequestKinds.begin());
}

}  // namespace penstock::llm

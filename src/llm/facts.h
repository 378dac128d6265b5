// What the gateway needs to know of a request before it decides where the request goes. Found in one walk; nothing is kept of the body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace penstock::llm {

/// The request's `thinking.type`.
enum class Thinking : std::uint8_t { absent, disabled, enabled, adaptive, between_tools, other };

/// Written by the stage `inspect`, read by all later ones.
struct Facts {
  std::string model;  // as the client wrote it, escapes resolved
  bool stream = false;
  std::optional<std::uint64_t> max_tokens;
  Thinking thinking = Thinking::absent;
  std::uint64_t thinking_budget = 0;  // tokens; 0: none named
  std::string effort;                 // low … max, or what else stands there; empty: none
  std::string session;                // the session's id, from metadata.user_id; empty: none

  std::uint32_t messages = 0;
  std::uint32_t system_turns = 0;  // messages with the role `system`
  std::uint32_t tools = 0;         // server tools included
  std::uint32_t server_tools = 0;  // typed tools (any type but `custom`)
  bool web_search = false;         // one of them searches the web
  std::uint32_t images = 0;        // those inside tool results included
  std::uint32_t documents = 0;
  std::uint32_t thinking_blocks = 0;  // redacted ones included
  std::uint32_t tagged_blocks = 0;    // thinking blocks that carry one of our tags (dialect/signature.h)
  bool cache_control = false;         // somewhere in system, tools or messages

  std::size_t body_bytes = 0;

  [[nodiscard]] bool thinks() const { return thinking != Thinking::absent && thinking != Thinking::disabled; }
};

}  // namespace penstock::llm

// What the gateway needs to know of a request before it decides where the request goes. Found in one walk; nothing is kept of the body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::llm {

/// The request's `thinking.type`.
enum class Thinking : std::uint8_t { absent, disabled, enabled, adaptive, between_tools, other };

/// A piece of the body, from the byte `begin` up to `end`.
struct ByteRange {
  std::size_t begin = 0, end = 0;
  [[nodiscard]] bool empty() const { return begin == end; }
  [[nodiscard]] std::string_view in(std::string_view body) const { return body.substr(begin, end - begin); }
};

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
  std::uint32_t tagged_blocks = 0;    // blocks with a mark of ours: a thinking block's tag (dialect/signature.h), a page that another found
  bool cache_control = false;         // somewhere in system, tools or messages

  // What Claude Code and those who build on it write between the lines
  bool plan_mode = false;      // the last reminder about plan mode says that it is on
  bool subagent = false;       // the attribution line says so
  std::string subagent_model;  // of CCR's tag <CCR-SUBAGENT-MODEL>…</CCR-SUBAGENT-MODEL>; empty: there is none
  ByteRange subagent_tag;      // that tag, to be removed before sending
  bool tag_in_turn = false;    // it stands in a user's turn, not in the system prompt

  ByteRange first_turn;  // the first message that is no instruction, as the body has it: it tells one conversation from another
  std::size_t body_bytes = 0;

  [[nodiscard]] bool thinks() const { return thinking != Thinking::absent && thinking != Thinking::disabled; }
};

}  // namespace penstock::llm

// Which kinds a request is of, from its facts and a few of its headers. What Claude Code sends was observed with 2.1.197 and 2.1.328 (see
// the table in request_kind.cc).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "llm/facts.h"
#include "llm/request_kind.h"

namespace penstock::policy {

using llm::RequestKind;

/// A set of kinds.
class Kinds {
 public:
  constexpr Kinds() = default;
  constexpr Kinds(std::initializer_list<RequestKind> kinds) {
    for (const auto kind : kinds) add(kind);
  }
  constexpr void add(RequestKind kind) { bits_ = static_cast<std::uint8_t>(bits_ | bit(kind)); }
  [[nodiscard]] constexpr bool has(RequestKind kind) const { return (bits_ & bit(kind)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const Kinds&) const = default;

 private:
  static constexpr unsigned bit(RequestKind kind) { return 1U << static_cast<unsigned>(kind); }
  std::uint8_t bits_ = 0;
};

/// What the request's head tells. Empty views: not sent.
struct KindSigns {
  std::string_view session;   // x-claude-code-session-id
  std::string_view agent;     // x-claude-code-agent-id
  bool claude_code = false;   // the user agent says so
  bool count_tokens = false;  // nothing is generated: never background by its form
};

/// Every kind but long_context, which depends on the route's limit.
[[nodiscard]] Kinds kinds_of(const llm::Facts& facts, const KindSigns& signs);

/// CCR's tag names the model for this request. Not so when it stands in a user's turn and Claude Code itself, which names its agents in a
/// header, says that no agent asks: then the user wrote it for the agents to come. Such a tag is not removed either.
[[nodiscard]] bool honours_subagent_tag(const llm::Facts& facts, const KindSigns& signs);

/// A request of this size may have more than `over` input tokens, so that counting is worth it. No tokenizer makes more tokens than bytes,
/// but images and documents may stand behind a short URL.
[[nodiscard]] bool may_exceed(const llm::Facts& facts, std::uint64_t over);

}  // namespace penstock::policy

// An answer in the gateway's own vocabulary: a sequence of events, whether the provider streamed it or sent it whole. A provider's dialect
// reads into it, a client's writes from it, whole or as a stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "llm/request.h"
#include "llm/usage.h"

namespace penstock::llm {

enum class StopReason : std::uint8_t { none, end_turn, max_tokens, stop_sequence, tool_use, refusal, pause_turn, context_window };

enum class BlockKind : std::uint8_t { text, thinking, sealed_thinking, tool_call, other };

/// The answer begins.
struct Begin {
  Text id, model;  // the provider's; may be empty
};
/// A block is opened. `key` is the provider's own number for it: parallel blocks may interleave, stream_guard puts them in order.
struct Open {
  std::uint32_t key = 0;
  BlockKind kind = BlockKind::text;
  Text id, name;  // of a tool call; an empty id: the provider gave none
  Json raw;       // of BlockKind::other: the content block, whole; of sealed thinking: unused
};
/// More of a block: text, reasoning, or a tool call's arguments (a piece of JSON text, itself inside a JSON string).
struct Delta {
  std::uint32_t key = 0;
  Text text;
};
/// The signature of a thinking block, or the data of a sealed one.
struct Seal {
  std::uint32_t key = 0;
  Text signature;
};
/// A citation of a text block, as Anthropic writes it.
struct Cite {
  std::uint32_t key = 0;
  Json citation;
};
struct Close {
  std::uint32_t key = 0;
};
/// The counts so far; a later one replaces an earlier.
struct Count {
  Usage usage;
};
/// The answer is complete.
struct End {
  StopReason reason = StopReason::end_turn;
  Text stop_sequence;  // with stop_sequence, where the provider says which
};
/// The answer failed; nothing follows. `status` as an HTTP status would have been; the message is decoded text.
struct Failed {
  int status = 500;
  std::string type;  // the provider's own word; may be empty
  std::string message;
  std::optional<bool> should_retry = std::nullopt;  // false: only its user can mend that
};

/// One event. Its views last until the call that hands it over returns.
using Event = std::variant<Begin, Open, Delta, Seal, Cite, Close, Count, End, Failed>;

/// Where events go.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void take(const Event& event) = 0;
};

}  // namespace penstock::llm

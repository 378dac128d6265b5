// An Anthropic provider's answer as events, for clients of other dialects (wire-reference 1.8, 1.9).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/signature.h"
#include "json/padded.h"
#include "json/scan.h"
#include "llm/stream.h"
#include "wire/sse.h"

namespace penstock::dialect {

struct AnthropicAnswerOptions {
  const SignatureCodec* codec = nullptr;  // tags thinking blocks; null: their signatures stay (Anthropic itself). Outlives the reader
  std::string provider;                   // whose blocks they are
};

/// Reads a stream, event by event. What it hands on is what the provider said, in any order: stream_guard.h makes it legal. Server tools
/// and their results, and blocks of a kind that it does not know, become BlockKind::other with their content block as it was written. For
/// one answer.
class AnthropicStreamReader {
 public:
  AnthropicStreamReader(AnthropicAnswerOptions options, llm::EventSink& out) : options_(std::move(options)), out_(out) {}

  void take(const wire::Event& event);
  /// The bytes have ended: an answer whose stop reason was told is complete without its message_stop.
  void finish();

 private:
  /// A block that is not closed yet.
  struct Block {
    std::uint32_t key = 0;
    llm::BlockKind kind = llm::BlockKind::text;
    bool is_signed = false;
    std::string input;  // of a call: what stood in its first event, until deltas come
  };
  void read(std::string_view name, json::Value root);
  void read_start(json::Value message);
  void open_block(json::Value root);
  void read_delta(json::Value root);
  void close_block(json::Value root);
  void read_message_delta(json::Value root);
  void read_error(std::string_view data);
  void end();
  void read_arguments(std::uint32_t key, std::string_view written);
  void seal(std::uint32_t key, json::Value signature);
  void settle(const Block& block);
  void fail_too_large();
  Block* block_of(std::uint32_t key);

  AnthropicAnswerOptions options_;
  llm::EventSink& out_;
  llm::Usage usage_;
  std::vector<Block> open_;
  std::size_t kept_ = 0;  // bytes of input in it
  llm::StopReason reason_ = llm::StopReason::none;
  std::string stop_sequence_;
  bool stopped_ = false, done_ = false;  // the stop reason was told; the last event went out
  json::Padded text_;
  json::Document document_;
};

/// Reads a whole answer, or an error in its place. A body that is neither becomes Failed.
void read_anthropic_answer(const json::Document& body, const AnthropicAnswerOptions& options, llm::EventSink& out);

}  // namespace penstock::dialect

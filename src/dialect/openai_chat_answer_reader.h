// Answers of providers that speak Chat Completions, read into the gateway's vocabulary.
#pragma once

#include <string>

#include "dialect/chat_answer.h"
#include "json/padded.h"
#include "json/scan.h"
#include "llm/stream.h"
#include "wire/sse.h"

namespace penstock::dialect {

/// Reads a stream of chunks. For one answer, on one thread. The events that come out may be in an order that no client takes: StreamGuard
/// stands between.
class OpenAiChatStreamReader {
 public:
  OpenAiChatStreamReader(OpenAiChatAnswerOptions options, llm::EventSink& out) : answer_(std::move(options), out) {}

  void take(const wire::Event& event);
  /// The provider's bytes have ended.
  void finish() { answer_.bytes_ended(); }
  /// The reason for the end is known and only the usage may be to come: a provider that keeps the connection open need not be waited for.
  [[nodiscard]] bool finish_known() const { return answer_.finish_known(); }
  /// End or Failed went out: what else comes is of no use.
  [[nodiscard]] bool ended() const { return answer_.ended(); }

 private:
  ChatAnswer answer_;
  json::Padded text_;
  json::Document chunk_;
};

/// Reads a whole answer; End or Failed is the last event.
void read_openai_chat_answer(const json::Document& body, const OpenAiChatAnswerOptions& options, llm::EventSink& out);

}  // namespace penstock::dialect

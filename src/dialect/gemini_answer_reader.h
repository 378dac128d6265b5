// Answers of providers that speak Gemini's generateContent, read into the gateway's vocabulary.
#pragma once

#include <string>

#include "dialect/gemini_answer.h"
#include "json/padded.h"
#include "json/scan.h"
#include "llm/stream.h"
#include "wire/sse.h"

namespace penstock::dialect {

/// Reads a stream of chunks (alt=sse). It ends with its bytes: there is no last event. For one answer, on one thread. StreamGuard stands
/// between this and a client.
class GeminiStreamReader {
 public:
  GeminiStreamReader(OpenAiChatAnswerOptions options, llm::EventSink& out) : answer_(std::move(options), out) {}

  void take(const wire::Event& event);
  /// The provider's bytes have ended.
  void finish() { answer_.bytes_ended(); }
  /// The reason for the end is known and only the usage may be to come: a provider that keeps the connection open need not be waited for.
  [[nodiscard]] bool finish_known() const { return answer_.finish_known(); }
  /// End or Failed went out: what else comes is of no use.
  [[nodiscard]] bool ended() const { return answer_.ended(); }

 private:
  GeminiAnswer answer_;
  json::Document chunk_;
  json::Padded text_;
};

/// Reads a whole answer, or the array of chunks that streamGenerateContent sends where alt=sse is not heeded.
void read_gemini_answer(const json::Document& body, const OpenAiChatAnswerOptions& options, llm::EventSink& out);

}  // namespace penstock::dialect

// Answers of providers that speak OpenAI's Responses API, read into the gateway's vocabulary.
#pragma once

#include "dialect/responses_answer.h"
#include "json/padded.h"
#include "json/scan.h"
#include "llm/stream.h"
#include "wire/sse.h"

namespace penstock::dialect {

/// Reads a stream. For one answer, on one thread. The events that come out may be in an order that no client takes: StreamGuard stands
/// between. `options.errors.model` names the model that may read its sealed reasoning again: the one that the request's writer is given.
class OpenAiResponsesStreamReader {
 public:
  OpenAiResponsesStreamReader(OpenAiChatAnswerOptions options, llm::EventSink& out) : answer_(std::move(options), out) {}

  void take(const wire::Event& event);
  /// The provider's bytes have ended.
  void finish() { answer_.bytes_ended(); }
  /// The last event tells the reason for the end and the usage: nothing is to come behind it.
  [[nodiscard]] bool finish_known() const { return answer_.ended(); }
  /// End or Failed went out: what else comes is of no use.
  [[nodiscard]] bool ended() const { return answer_.ended(); }

 private:
  ResponsesAnswer answer_;
  json::Padded text_;
  json::Document event_;
};

/// Reads a whole answer; End or Failed is the last event.
void read_openai_responses_answer(const json::Document& body, const OpenAiChatAnswerOptions& options, llm::EventSink& out);

}  // namespace penstock::dialect

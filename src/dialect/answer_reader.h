// A provider's dialect, as a reader of one answer: whichever it is.
#pragma once

#include <memory>
#include <string>

#include "dialect/api.h"
#include "dialect/chat_answer.h"
#include "json/scan.h"
#include "llm/stream.h"
#include "wire/sse.h"

namespace penstock::dialect {

/// For one answer, on one thread. The events that come out may be in an order that no client takes: StreamGuard stands behind.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  /// The provider's events, and the end of its bytes.
  virtual void take(const wire::Event& event) = 0;
  virtual void finish() = 0;
  /// The answer in one piece.
  virtual void whole(const json::Document& body) = 0;
  /// The provider has said why it ends, and only its usage may be to come.
  [[nodiscard]] virtual bool ending() const { return false; }
};

/// `options` hold for every dialect as far as they have a meaning there; `transparent`: Anthropic itself, whose signatures stay. `out`
/// outlives the reader.
[[nodiscard]] std::unique_ptr<AnswerReader> make_answer_reader(Api provider, bool transparent, OpenAiChatAnswerOptions options,
                                                               llm::EventSink& out);

}  // namespace penstock::dialect

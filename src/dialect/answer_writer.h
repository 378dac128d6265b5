// A client's dialect, as a writer of one answer: whichever it is.
#pragma once

#include <memory>
#include <string>

#include "dialect/anthropic_answer_writer.h"
#include "dialect/api.h"
#include "dialect/responses_echo.h"
#include "llm/stream.h"

namespace penstock::dialect {

/// Takes a legal sequence. For one answer, on one thread.
class AnswerWriter {
 public:
  virtual ~AnswerWriter() = default;
  virtual llm::EventSink& sink() = 0;
  /// The answer in one piece, after its end; empty for a stream.
  [[nodiscard]] virtual std::string body() const { return {}; }
};

/// A stream's events are appended to `out`, which outlives the writer.
[[nodiscard]] std::unique_ptr<AnswerWriter> make_answer_writer(Api client, bool stream, AnswerFrame frame, ResponsesEcho echo,
                                                               std::string& out);
/// Writes nothing: the provider's bytes pass as they are, and the events are only listened to.
[[nodiscard]] std::unique_ptr<AnswerWriter> make_listener();

/// What keeps a silent stream of this client's alive.
[[nodiscard]] std::string_view ping_of(Api client);

}  // namespace penstock::dialect

#include "dialect/openai_responses_answer_reader.h"

#include "base/text.h"
#include "dialect/error_text.h"

namespace penstock::dialect {

void OpenAiResponsesStreamReader::take(const wire::Event& event) {
  const auto data = trim(event.data);
  if (event.comment_only || data.empty() || answer_.ended()) return;
  if (data == "[DONE]") return answer_.done();
  text_.assign(data);
  auto indexed = event_.index(text_.text());
  if (!indexed) {  // a character that was cut between two events
    text_.assign(valid_utf8(data));
    indexed = event_.index(text_.text());
  }
  if (!indexed || !event_.check_escapes())
    return answer_.fail(502, "api_error", "the provider sent an event that is not JSON: " + bounded_text(data, 200));
  answer_.take(event_.root(), event.name);
}

void read_openai_responses_answer(const json::Document& body, const OpenAiChatAnswerOptions& options, llm::EventSink& out) {
  ResponsesAnswer answer(options, out);
  if (const auto status = body.check_escapes(); !status) return answer.fail(502, "api_error", "the provider: " + status.error().message);
  answer.take_whole(body.root());
}

}  // namespace penstock::dialect

#include "dialect/gemini_answer_reader.h"

#include "base/text.h"
#include "dialect/error_text.h"

namespace penstock::dialect {

void GeminiStreamReader::take(const wire::Event& event) {
  const auto data = trim(event.data);
  if (event.comment_only || data.empty() || answer_.ended()) return;
  if (data == "[DONE]") return answer_.said_done();
  if (event.name == "error") return answer_.fail(data);
  text_.assign(data);
  auto indexed = chunk_.index(text_.text());
  if (!indexed) {  // a character that was cut between two chunks
    text_.assign(valid_utf8(data));
    indexed = chunk_.index(text_.text());
  }
  if (!indexed || !chunk_.check_escapes())
    return answer_.fail(502, "api_error", "the provider sent an event that is not JSON: " + bounded_text(data, 200));
  answer_.take(chunk_.root());
}

void read_gemini_answer(const json::Document& body, const OpenAiChatAnswerOptions& options, llm::EventSink& out) {
  GeminiAnswer answer(options, out);
  if (const auto status = body.check_escapes(); !status) return answer.fail(502, "api_error", "the provider: " + status.error().message);
  answer.take(body.root());
  answer.done();
}

}  // namespace penstock::dialect

#include "dialect/answer_writer.h"

#include <utility>

#include "dialect/openai_chat_answer_writer.h"
#include "dialect/openai_responses_answer_writer.h"
#include "wire/sse.h"

namespace penstock::dialect {

namespace {

template <typename Writer>
class StreamOf : public AnswerWriter {
 public:
  template <typename... Arguments>
  explicit StreamOf(Arguments&&... arguments) : writer_(std::forward<Arguments>(arguments)...) {}
  llm::EventSink& sink() override { return writer_; }

 private:
  Writer writer_;
};

template <typename Writer>
class WholeOf : public AnswerWriter {
 public:
  template <typename... Arguments>
  explicit WholeOf(Arguments&&... arguments) : writer_(std::forward<Arguments>(arguments)...) {}
  llm::EventSink& sink() override { return writer_; }
  [[nodiscard]] std::string body() const override { return writer_.body(); }

 private:
  Writer writer_;
};

class Listener : public AnswerWriter, public llm::EventSink {
 public:
  llm::EventSink& sink() override { return *this; }
  void take(const llm::Event&) override {}
};

}  // namespace

std::unique_ptr<AnswerWriter> make_answer_writer(Api client, bool stream, AnswerFrame frame, ResponsesEcho echo, std::string& out) {
  if (client == Api::openai_responses) {
    if (stream) return std::make_unique<StreamOf<OpenAiResponsesStreamWriter>>(std::move(frame), out, std::move(echo));
    return std::make_unique<WholeOf<OpenAiResponsesWholeWriter>>(std::move(frame), std::move(echo));
  }
  if (client == Api::openai_chat) {
    if (stream) return std::make_unique<StreamOf<OpenAiChatStreamWriter>>(std::move(frame), out);
    return std::make_unique<WholeOf<OpenAiChatWholeWriter>>(std::move(frame));
  }
  if (stream) return std::make_unique<StreamOf<AnthropicStreamWriter>>(std::move(frame), out);
  return std::make_unique<WholeOf<AnthropicWholeWriter>>(std::move(frame));
}

std::unique_ptr<AnswerWriter> make_listener() { return std::make_unique<Listener>(); }

std::string_view ping_of(Api client) {
  if (client == Api::openai_responses) return kResponsesPing;
  return client == Api::openai_chat ? kOpenAiPing : wire::kPingEvent;
}

}  // namespace penstock::dialect

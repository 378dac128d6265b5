#include "dialect/answer_reader.h"

#include <utility>

#include "dialect/anthropic_answer_reader.h"
#include "dialect/gemini_answer_reader.h"
#include "dialect/openai_chat_answer_reader.h"
#include "dialect/openai_responses_answer_reader.h"

namespace penstock::dialect {

namespace {

class FromAnthropic : public AnswerReader {
 public:
  FromAnthropic(AnthropicAnswerOptions options, llm::EventSink& out) : options_(options), out_(out), stream_(std::move(options), out) {}
  void take(const wire::Event& event) override { stream_.take(event); }
  void finish() override { stream_.finish(); }
  void whole(const json::Document& body) override { read_anthropic_answer(body, options_, out_); }

 private:
  AnthropicAnswerOptions options_;
  llm::EventSink& out_;
  AnthropicStreamReader stream_;
};

using ReadWhole = void (*)(const json::Document&, const OpenAiChatAnswerOptions&, llm::EventSink&);

/// Any of the dialects whose readers have the same form.
template <typename Stream, ReadWhole read>
class From : public AnswerReader {
 public:
  From(OpenAiChatAnswerOptions options, llm::EventSink& out) : options_(options), out_(out), stream_(std::move(options), out) {}
  void take(const wire::Event& event) override { stream_.take(event); }
  void finish() override { stream_.finish(); }
  void whole(const json::Document& body) override { read(body, options_, out_); }
  [[nodiscard]] bool ending() const override { return stream_.finish_known(); }

 private:
  OpenAiChatAnswerOptions options_;
  llm::EventSink& out_;
  Stream stream_;
};

using FromOpenAiChat = From<OpenAiChatStreamReader, read_openai_chat_answer>;
using FromOpenAiResponses = From<OpenAiResponsesStreamReader, read_openai_responses_answer>;
using FromGemini = From<GeminiStreamReader, read_gemini_answer>;

}  // namespace

std::unique_ptr<AnswerReader> make_answer_reader(Api provider, bool transparent, OpenAiChatAnswerOptions options, llm::EventSink& out) {
  switch (provider) {
    case Api::openai_chat: return std::make_unique<FromOpenAiChat>(std::move(options), out);
    case Api::openai_responses: return std::make_unique<FromOpenAiResponses>(std::move(options), out);
    case Api::gemini: return std::make_unique<FromGemini>(std::move(options), out);
    case Api::anthropic: break;
  }
  return std::make_unique<FromAnthropic>(AnthropicAnswerOptions{transparent ? nullptr : options.codec, std::move(options.provider)}, out);
}

}  // namespace penstock::dialect

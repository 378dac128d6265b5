#include "dialect/translation.h"

#include "base/text.h"
#include "dialect/adapt.h"
#include "dialect/anthropic_answer_reader.h"
#include "dialect/anthropic_request.h"
#include "dialect/anthropic_request_reader.h"
#include "dialect/anthropic_request_writer.h"
#include "dialect/openai_chat_answer_reader.h"
#include "dialect/openai_chat_answer_writer.h"
#include "dialect/openai_chat_facts.h"
#include "dialect/openai_chat_request_reader.h"
#include "dialect/openai_chat_request_writer.h"
#include "dialect/stream_guard.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

/// A provider's dialect, as a reader of answers.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  virtual void take(const wire::Event& event) = 0;
  virtual void finish() = 0;
  virtual void whole(const json::Document& body) = 0;
  [[nodiscard]] virtual bool ending() const { return false; }
};

class FromAnthropic : public AnswerReader {
 public:
  FromAnthropic(AnthropicAnswerOptions options, llm::EventSink& out) : options_(options), out_(out), stream_(options, out) {}
  void take(const wire::Event& event) override { stream_.take(event); }
  void finish() override { stream_.finish(); }
  void whole(const json::Document& body) override { read_anthropic_answer(body, options_, out_); }

 private:
  AnthropicAnswerOptions options_;
  llm::EventSink& out_;
  AnthropicStreamReader stream_;
};

class FromOpenAiChat : public AnswerReader {
 public:
  FromOpenAiChat(OpenAiChatAnswerOptions options, llm::EventSink& out) : options_(options), out_(out), stream_(options, out) {}
  void take(const wire::Event& event) override { stream_.take(event); }
  void finish() override { stream_.finish(); }
  void whole(const json::Document& body) override { read_openai_chat_answer(body, options_, out_); }
  [[nodiscard]] bool ending() const override { return stream_.finish_known(); }

 private:
  OpenAiChatAnswerOptions options_;
  llm::EventSink& out_;
  OpenAiChatStreamReader stream_;
};

/// A client's dialect, as a writer of answers. A stream's writer appends to `out`; a whole one gives its body at the end.
class AnswerWriter {
 public:
  virtual ~AnswerWriter() = default;
  virtual llm::EventSink& sink() = 0;
  [[nodiscard]] virtual std::string body() const = 0;
};

template <typename Writer>
class StreamOf : public AnswerWriter {
 public:
  StreamOf(AnswerFrame frame, std::string& out) : writer_(std::move(frame), out) {}
  llm::EventSink& sink() override { return writer_; }
  [[nodiscard]] std::string body() const override { return {}; }

 private:
  Writer writer_;
};

template <typename Writer>
class WholeOf : public AnswerWriter {
 public:
  explicit WholeOf(AnswerFrame frame) : writer_(std::move(frame)) {}
  llm::EventSink& sink() override { return writer_; }
  [[nodiscard]] std::string body() const override { return writer_.body(); }

 private:
  Writer writer_;
};

template <typename Stream, typename Whole>
std::unique_ptr<AnswerWriter> make_writer(AnswerFrame frame, bool stream, std::string& out) {
  if (stream) return std::make_unique<StreamOf<Stream>>(std::move(frame), out);
  return std::make_unique<WholeOf<Whole>>(std::move(frame));
}

/// Both sides speak one dialect: the provider's bytes pass as they are, and the events are only listened to.
class Listener : public AnswerWriter, public llm::EventSink {
 public:
  llm::EventSink& sink() override { return *this; }
  [[nodiscard]] std::string body() const override { return {}; }
  void take(const llm::Event&) override {}
};

std::unique_ptr<AnswerWriter> writer_for(const TranslationContext& context, AnswerFrame frame, bool stream, std::string& out) {
  const Api client = context.client;
  if (client == context.provider) return std::make_unique<Listener>();
  if (client == Api::openai_chat) return make_writer<OpenAiChatStreamWriter, OpenAiChatWholeWriter>(std::move(frame), stream, out);
  return make_writer<AnthropicStreamWriter, AnthropicWholeWriter>(std::move(frame), stream, out);
}

/// Seals the events' way out, and remembers a failure.
class Watch : public llm::EventSink {
 public:
  explicit Watch(llm::EventSink& out) : out_(out) {}
  void take(const llm::Event& event) override {
    if (const auto* failed = std::get_if<llm::Failed>(&event)) failure = *failed;
    out_.take(event);
  }
  std::optional<llm::Failed> failure;

 private:
  llm::EventSink& out_;
};

}  // namespace

/// The names that had to change on the way out, for the way back.
struct Translation::Names {
  ToolNames names;
};

/// The way of one answer: reader, guard, watch, writer.
struct Translation::Answer {
  Answer(const TranslationContext& context, const ToolNames& names, AnswerFrame frame, bool stream, ErrorContext errors)
      : id_seed("toolu_" + frame.request_id + "_"),
        writer(writer_for(context, std::move(frame), stream, out)),
        watch(writer->sink()),
        guard(watch, id_seed),
        reader(reader_for(context, names, std::move(errors))) {}

  std::unique_ptr<AnswerReader> reader_for(const TranslationContext& context, const ToolNames& names, ErrorContext errors) {
    const std::string provider(context.provider_name);
    if (context.provider == Api::anthropic)
      return std::make_unique<FromAnthropic>(AnthropicAnswerOptions{context.transparent ? nullptr : context.codec, provider}, guard);
    OpenAiChatAnswerOptions options{provider, context.codec, &names, context.chat->think_tags, context.chat->cached_in_prompt, errors};
    return std::make_unique<FromOpenAiChat>(std::move(options), guard);
  }

  std::string id_seed, out, given, body;
  std::unique_ptr<AnswerWriter> writer;
  Watch watch;
  StreamGuard guard;
  std::unique_ptr<AnswerReader> reader;
};

std::optional<Api> parse_api(std::string_view word) {
  if (word == "anthropic") return Api::anthropic;
  if (word == "openai-chat") return Api::openai_chat;
  return std::nullopt;
}

Result<llm::Facts> inspect_as(Api client, const json::Document& body) {
  return client == Api::openai_chat ? inspect_openai_chat(body) : inspect(body, Endpoint::messages);
}

Translation::Translation(const TranslationContext& context) : context_(context), names_(std::make_unique<Names>()) {}
Translation::~Translation() = default;

Result<std::string> Translation::request(const json::Document& body) {
  if (passes()) {
    json::Patch patch(body);
    if (const auto model = body.root().find("model")) patch.replace(*model, json_quote(context_.model));
    return patch.text();
  }
  TRY(llm::Request request, context_.client == Api::openai_chat ? read_openai_chat_request(body) : read_anthropic_request(body));
  stream_usage_ = request.stream_usage;
  dropped_ = request.dropped;
  if (context_.provider == Api::openai_chat) {
    const OpenAiChatOptions options{context_.model, context_.max_output, context_.provider_name,
                                    context_.codec, context_.chat,       &names_->names};
    return write_openai_chat_request(request, options, dropped_);
  }
  const AnthropicOptions options{context_.model, context_.max_output, context_.quirks->output_format == Keep::keep};
  const json::Padded written(write_anthropic_request(request, options, dropped_));
  // What this provider takes less of than Anthropic itself is the business of its quirks, as for an Anthropic client.
  json::Document document;
  TRY_STATUS(document.index(written.text()));
  json::Patch patch(document);
  apply(*context_.quirks, document, {context_.provider_name, context_.model, context_.max_output, context_.codec, nullptr}, patch);
  return patch.text();
}

void Translation::begin_answer(AnswerFrame frame, bool stream, ErrorContext errors) {
  frame.stream_usage = stream_usage_;
  answer_ = std::make_unique<Answer>(context_, names_->names, std::move(frame), stream, std::move(errors));
}

bool Translation::passes() const { return context_.client == context_.provider; }

void Translation::take(const wire::Event& event) {
  if (passes()) answer_->out += event.raw;
  answer_->reader->take(event);
}

void Translation::finish() {
  answer_->reader->finish();
  answer_->guard.finish();
}

void Translation::take_whole(const json::Document& body) {
  if (passes()) answer_->body = body.text();
  answer_->reader->whole(body);
  answer_->guard.finish();
}

std::string_view Translation::events() {
  answer_->given.swap(answer_->out);
  answer_->out.clear();
  return answer_->given;
}

std::string Translation::whole() const { return passes() ? answer_->body : answer_->writer->body(); }
bool Translation::ending() const { return answer_->reader->ending(); }
bool Translation::done() const { return answer_->guard.done(); }
const std::optional<llm::Failed>& Translation::failure() const { return answer_->watch.failure; }
llm::Usage Translation::usage() const { return answer_->guard.usage(); }
std::string_view Translation::stop_reason() const { return anthropic_stop_reason(answer_->guard.stop_reason()); }

}  // namespace penstock::dialect

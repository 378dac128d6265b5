#include "dialect/translation.h"

#include "base/text.h"
#include "dialect/adapt.h"
#include "dialect/answer_reader.h"
#include "dialect/answer_writer.h"
#include "dialect/anthropic_request.h"
#include "dialect/anthropic_request_reader.h"
#include "dialect/anthropic_request_writer.h"
#include "dialect/gemini_request_writer.h"
#include "dialect/openai_chat_facts.h"
#include "dialect/openai_chat_request_reader.h"
#include "dialect/openai_chat_request_writer.h"
#include "dialect/openai_responses_facts.h"
#include "dialect/openai_responses_request_reader.h"
#include "dialect/openai_responses_request_writer.h"
#include "dialect/own_marks.h"
#include "dialect/search_watch.h"
#include "dialect/stream_guard.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

/// Listens at the client's end: whether content went out, and whether the answer failed.
class Watch : public llm::EventSink {
 public:
  explicit Watch(llm::EventSink& out) : out_(out) {}
  void take(const llm::Event& event) override {
    if (const auto* failed = std::get_if<llm::Failed>(&event)) failure = *failed;
    content = content || std::holds_alternative<llm::Open>(event);
    out_.take(event);
  }
  std::optional<llm::Failed> failure;
  bool content = false;

 private:
  llm::EventSink& out_;
};

/// One answer of the provider's.
struct Turn {
  Turn(llm::EventSink& out, std::string seed, const TranslationContext& context, OpenAiChatAnswerOptions options)
      : guard(out, std::move(seed)), reader(make_answer_reader(context.provider, context.transparent, std::move(options), guard)) {}
  StreamGuard guard;
  std::unique_ptr<AnswerReader> reader;
};

}  // namespace

/// What the answer has to know of the request.
struct Translation::Asked {
  explicit Asked(Api provider) : names(provider == Api::gemini ? ToolNames::Form::gemini : ToolNames::Form::openai) {}
  llm::Request request;
  ToolNames names;           // that had to change on the way out, for the way back
  ResponsesEcho echo;        // for a client of Responses
  std::string search_query;  // where the provider searches
  bool stream_usage = true;
};

/// The way of one answer to the client: reader, guard, search, watch, writer.
struct Translation::Answer {
  Answer(const TranslationContext& context, bool passes, bool stream, AnswerFrame frame, ResponsesEcho echo,
         const std::optional<SearchTool>& tool)
      : raw(passes),
        id_seed("toolu_" + frame.request_id + "_"),
        writer(passes ? make_listener() : make_answer_writer(context.client, stream, std::move(frame), std::move(echo), out)),
        watch(writer->sink()) {
    if (tool) search.emplace(watch, *tool);
  }
  llm::EventSink& entrance() { return search ? static_cast<llm::EventSink&>(*search) : watch; }

  bool raw;  // the provider's bytes are the client's
  std::string id_seed, out, given, body;
  std::unique_ptr<AnswerWriter> writer;
  Watch watch;
  std::optional<SearchWatch> search;
  unsigned turns = 0;
  std::unique_ptr<Turn> turn;
};

Result<llm::Facts> inspect_as(Api client, const json::Document& body) {
  if (client == Api::openai_responses) return inspect_openai_responses(body);
  return client == Api::openai_chat ? inspect_openai_chat(body) : inspect(body, Endpoint::messages);
}

Translation::Translation(const TranslationContext& context) : context_(context), asked_(std::make_unique<Asked>(context.provider)) {}
Translation::~Translation() = default;

Result<llm::Request> Translation::read(const json::Document& body) {
  switch (context_.client) {
    case Api::openai_chat: return read_openai_chat_request(body);
    case Api::openai_responses: return read_openai_responses_request(body, &asked_->echo);
    case Api::anthropic:
    case Api::gemini: break;
  }
  return read_anthropic_request(body, context_.subagent_tag);
}

Result<std::string> Translation::write(LongTexts* apart) {
  const llm::Request& request = asked_->request;
  const OpenAiChatOptions options{.model = context_.model,
                                  .max_output = context_.max_output,
                                  .provider = context_.provider_name,
                                  .codec = context_.codec,
                                  .quirks = context_.chat,
                                  .names = &asked_->names,
                                  .schemas = context_.schemas,
                                  .long_texts = apart};
  switch (context_.provider) {
    case Api::openai_chat: return write_openai_chat_request(request, options, dropped_);
    case Api::openai_responses: return write_openai_responses_request(request, options, dropped_);
    case Api::gemini: return write_gemini_request(request, options, dropped_);
    case Api::anthropic: break;
  }
  const AnthropicOptions own{context_.model, context_.max_output, context_.quirks->output_format == Keep::keep};
  const json::Padded written(write_anthropic_request(request, own, dropped_));
  // What this provider takes less of than Anthropic itself is the business of its quirks, as for an Anthropic client.
  json::Document document;
  TRY_STATUS(document.index(written.text()));
  json::Patch patch(document);
  apply(*context_.quirks, document, {context_.provider_name, context_.model, context_.max_output, context_.codec, nullptr}, patch);
  return patch.text();
}

Result<std::string> Translation::request(const json::Document& body, LongTexts* apart) {
  const bool same = context_.client == context_.provider;
  if (same && context_.client != Api::anthropic && !context_.repaired) {
    json::Patch patch(body);
    if (const auto model = body.root().find("model")) patch.replace(*model, json_quote(context_.model));
    if (context_.marked) cut_own_reasoning(context_.client, body, *context_.chat, patch);
    return patch.text();
  }
  TRY(asked_->request, read(body));
  asked_->stream_usage = asked_->request.stream_usage;
  dropped_ = asked_->request.dropped;
  if (needs_own_search(asked_->request, context_.provider_searches()))
    search_ = offer_search(asked_->request);
  else if (find_web_search(asked_->request))
    asked_->search_query = search_query_of(asked_->request);
  auto written = write(apart);
  if (!search_) asked_->request = {};
  return written;
}

void Translation::begin_answer(AnswerFrame frame, bool stream, ErrorContext errors, bool reshape) {
  if (!answer_) {
    frame.stream_usage = asked_->stream_usage;
    answer_ = std::make_unique<Answer>(context_, passes() && !reshape, stream, std::move(frame), std::move(asked_->echo), search_);
  }
  Answer& answer = *answer_;
  OpenAiChatAnswerOptions options{.provider = std::string(context_.provider_name), .codec = context_.codec, .names = &asked_->names};
  options.think_tags = context_.chat->think_tags;
  options.cached_in_prompt = context_.chat->cached_in_prompt;
  options.errors = std::move(errors);
  options.search_query = asked_->search_query;
  const auto seed = answer.turns++ == 0 ? answer.id_seed : answer.id_seed + std::to_string(answer.turns) + "_";
  answer.turn = std::make_unique<Turn>(answer.entrance(), seed, context_, std::move(options));
}

void Translation::take(const wire::Event& event) {
  answer_->turn->reader->take(event);
  // Behind its last word no client reads on: where the guard found a fault, ours comes instead.
  if (answer_->raw && !found_fault()) answer_->out += event.raw;
}

void Translation::finish() {
  answer_->turn->reader->finish();
  answer_->turn->guard.finish();
}

void Translation::take_whole(const json::Document& body) {
  if (answer_->raw) answer_->body = body.text();
  answer_->turn->reader->whole(body);
  answer_->turn->guard.finish();
}

std::string_view Translation::events() {
  answer_->given.swap(answer_->out);
  answer_->out.clear();
  return answer_->given;
}

std::string Translation::whole() const { return answer_->raw ? answer_->body : answer_->writer->body(); }
bool Translation::ending() const { return answer_->turn->reader->ending(); }
bool Translation::done() const { return answer_->turn->guard.done(); }
bool Translation::content_begun() const { return answer_ && answer_->watch.content; }
const std::optional<llm::Failed>& Translation::failure() const { return answer_->watch.failure; }
bool Translation::found_fault() const { return answer_->turn->guard.found_fault(); }
llm::Usage Translation::usage() const { return answer_->search ? answer_->search->usage() : answer_->turn->guard.usage(); }
std::string_view Translation::stop_reason() const { return anthropic_stop_reason(answer_->turn->guard.stop_reason()); }

unsigned Translation::turn() const { return answer_ ? answer_->turns : 0; }

bool Translation::wants_search() const { return answer_ && answer_->search && answer_->search->wants_search(); }
std::optional<std::string_view> Translation::next_query() { return answer_->search->next_query(); }
void Translation::answer_query(const SearchOutcome& outcome) { answer_->search->answer(outcome); }

bool Translation::goes_on() {
  if (answer_->search->goes_on()) return true;
  answer_->search->end();
  return false;
}

std::string Translation::request_again() {
  answer_->search->next_turn(asked_->request);
  // What could be written once can be written again with a turn more.
  return write(nullptr).value_or(std::string());
}

}  // namespace penstock::dialect

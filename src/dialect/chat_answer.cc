#include "dialect/chat_answer.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dialect/answer_fields.h"
#include "dialect/arguments.h"
#include "dialect/chat_usage.h"
#include "dialect/error_text.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::BlockKind;
using llm::StopReason;

/// Finish reasons, in lower case: OpenAI's, and those seen elsewhere (wire-reference 3.2). `status`: it is a failure, and which.
struct Finish {
  std::string_view word;
  StopReason reason;
  int status = 0;
};
constexpr auto kFinishes = std::to_array<Finish>({
    {"length", StopReason::max_tokens},
    {"max_tokens", StopReason::max_tokens},
    {"tool_calls", StopReason::tool_use},
    {"function_call", StopReason::tool_use},
    {"tool_use", StopReason::tool_use},
    {"content_filter", StopReason::refusal},
    {"sensitive", StopReason::refusal},
    {"refusal", StopReason::refusal},
    {"safety", StopReason::refusal},
    {"recitation", StopReason::refusal},
    {"blocklist", StopReason::refusal},
    {"prohibited_content", StopReason::refusal},
    {"model_context_window_exceeded", StopReason::context_window},
    {"network_error", StopReason::none, 529},
    {"insufficient_system_resource", StopReason::none, 529},
    {"malformed_function_call", StopReason::none, 529},  // asking again helps
    {"abort", StopReason::none, 529},
    {"error", StopReason::none, 500},
});

bool is_failure(Value error) { return (error.is_object() && !error.is_empty()) || !text_in(error).empty(); }

}  // namespace

void ChatAnswer::take(Value root, bool whole) {
  if (ended_) return;
  const auto error = present(root, "error");
  if (error && is_failure(*error)) return fail(root.raw());
  const auto first = first_answer(root, "choices");
  if (!first && !present(root, "usage") && read_error(root.raw(), "application/json").failed) return fail(root.raw());
  if (const auto id = text_in(root.find("id")); !begun_ && (first || !id.empty())) {  // Azure's first chunk is not of the answer
    begun_ = true;
    id_ = id;
    out_.take(llm::Begin{{id}, {text_in(root.find("model"))}});
  }
  count(present(root, "usage"));
  if (const auto groq = present(root, "x_groq")) count(present(*groq, "usage"));
  searches_.add_pages(root);
  if (first) choice(*first, whole);
  bound_kept();
  // The chunk that only counts comes last.
  if (!ended_ && !first && finish_ && present(root, "usage")) done();
}

void ChatAnswer::choice(Value choice, bool whole) {
  answered_ = true;
  count(present(choice, "usage"));  // Moonshot
  if (const auto error = present(choice, "error"); error && is_failure(*error))
    return fail(R"({"error":)" + std::string(error->raw()) + "}");
  calls_.next_chunk();
  const auto delta = present(choice, "delta"), all = present(choice, "message");
  if (delta && !whole) message(*delta, false);
  // A stream that holds the message itself, and nothing of it before.
  else if (all && (whole || next_key_ == 0))
    message(*all, true);
  if (const auto reason = present(choice, "finish_reason"); reason && !ended_) finish(*reason, choice);
}

/// Reasoning first: where one delta holds both, it precedes the text.
void ChatAnswer::message(Value message, bool whole) {
  reasoning(message);
  if (const auto list = present(message, "annotations")) searches_.add_annotations(*list);
  if (const auto value = present(message, "content")) content(*value);
  if (const auto refusal = text_in(message.find("refusal")); !refusal.empty()) {
    refused_ = true;
    prose(BlockKind::text, refusal);
  }
  if (searches_.has_citations() && prose_ && prose_->kind == BlockKind::text) searches_.cite(out_, prose_->key);
  if (const auto list = present(message, "tool_calls"))
    for (const auto element : list->elements())
      if (element.is_object()) call(element, whole);
  if (const auto older = present(message, "function_call"); older && older->is_object()) call(*older, whole);
}

/// Some send the same text in two fields: the first counts.
void ChatAnswer::reasoning(Value message) {
  if (const auto list = present(message, "reasoning_details")) details_.add(*list);
  std::string_view written;
  for (const char* field : {"reasoning_content", "reasoning", "reasoning_text"})
    if (written.empty()) written = text_in(message.find(field));
  if (written.empty() && present(message, "reasoning_details")) written = details_.last_text();
  if (written.empty()) return;
  reasoned_ = true;
  prose(BlockKind::thinking, written);
}

void ChatAnswer::content(Value value) {
  if (value.is_string()) return text(value.raw_text());
  for (const auto part : value.elements()) content_part(part);
}

/// Mistral: parts of the types text and thinking, the latter with parts of its own.
void ChatAnswer::content_part(Value part) {
  if (part.is_string()) return text(part.raw_text());
  if (const auto thinking = present(part, "thinking")) {
    reasoned_ = true;
    if (thinking->is_string()) return prose(BlockKind::thinking, thinking->raw_text());
    for (const auto inner : thinking->elements()) prose(BlockKind::thinking, text_in(inner.find("text")));
    return;
  }
  text(text_in(part.find("text")));
}

void ChatAnswer::text(std::string_view written) {
  if (options_.think_tags == ChatQuirks::ThinkTags::never) return prose(BlockKind::text, written);
  // Where reasoning has a field of its own, the same again in tags says nothing new.
  tags_.feed(
      written, [this](std::string_view view) { reasoned_ ? void() : prose(BlockKind::thinking, view); },
      [this](std::string_view view) { prose(BlockKind::text, view); });
}

void ChatAnswer::prose(BlockKind kind, std::string_view written) {
  if (written.empty()) return;
  if (!prose_ || prose_->kind != kind) {
    close_prose(kind == BlockKind::thinking);
    if (kind == BlockKind::text) emit_pages();  // where they are known by now, they come before what rests on them
    prose_ = {next_key_++, kind};
    out_.take(llm::Open{.key = prose_->key, .kind = kind});
  }
  if (kind == BlockKind::thinking) thought_ += written;
  out_.take(llm::Delta{prose_->key, {written}});
}

void ChatAnswer::emit_pages() {
  if (!searches_.has_pages()) return;
  searches_.emit(out_, next_key_, id_);
  next_key_ += 2;
}

/// `keeps_details`: those that wait belong to the reasoning that begins now.
void ChatAnswer::close_prose(bool keeps_details) {
  if (prose_ && prose_->kind == BlockKind::thinking) seal(prose_->key, details_.take_payload(thought_));
  if (prose_) out_.take(llm::Close{prose_->key});
  prose_.reset();
  thought_.clear();
  if (!details_.empty() && !keeps_details) emit_sealed(details_.take_payload({}));
}

/// What the provider wants back, where no reasoning was shown: a thinking block without text.
void ChatAnswer::emit_sealed(std::string_view payload) {
  if (options_.codec == nullptr) return;
  const auto key = next_key_++;
  out_.take(llm::Open{.key = key, .kind = BlockKind::thinking});
  seal(key, payload);
  out_.take(llm::Close{key});
}

void ChatAnswer::seal(std::uint32_t key, std::string_view payload) {
  if (options_.codec == nullptr) return;
  const auto tag = json_escape(options_.codec->tag(options_.provider, payload));
  out_.take(llm::Seal{key, {tag}});
}

void ChatAnswer::call(Value element, bool whole) {
  const auto fragment = read_call_fragment(element);
  auto& call = calls_.call_of(fragment, whole);
  if (!call.opened && !call.name.empty()) open_call(call, fragment.extra);
  const auto arguments = ChatCalls::new_arguments(call, fragment);
  if (!call.opened) {
    call.waiting += arguments;
    waiting_ += arguments.size();
  } else if (!arguments.empty()) {
    out_.take(llm::Delta{call.key, {arguments}});
  }
}

void ChatAnswer::open_call(ChatCalls::Call& call, llm::Json extra) {
  close_prose();
  if (!extra.empty()) emit_sealed(extra.raw);
  call.opened = true;
  call.key = next_key_++;
  const auto name = options_.names == nullptr ? std::string_view(call.name) : options_.names->to_client(call.name);
  out_.take(llm::Open{.key = call.key, .kind = BlockKind::tool_call, .id = {call.id}, .name = {name}});
  if (!call.waiting.empty()) out_.take(llm::Delta{call.key, {call.waiting}});
}

void ChatAnswer::finish(Value reason, Value choice) {
  const auto word = to_lower(reason.text());
  if (word.empty()) return;
  const auto known = std::ranges::find(kFinishes, std::string_view(word), &Finish::word);
  if (known != kFinishes.end() && known->status != 0)
    return fail(known->status, known->status == 529 ? "overloaded_error" : "api_error", "the provider ended its answer with " + word);
  finish_ = known == kFinishes.end() ? StopReason::end_turn : known->reason;
  // vLLM and SGLang say which sequence stopped it; a number there is a token.
  for (const char* field : {"stop_reason", "matched_stop"})
    if (const auto matched = text_in(choice.find(field)); *finish_ == StopReason::end_turn && !matched.empty()) {
      stop_sequence_ = matched;
      finish_ = StopReason::stop_sequence;
    }
}

void ChatAnswer::count(std::optional<Value> usage) {
  if (!usage || ended_) return;
  if (const auto counted = read_chat_usage(*usage, options_.cached_in_prompt)) out_.take(llm::Count{*counted});
}

void ChatAnswer::done() {
  if (ended_) return;
  if (!answered_) return fail(502, "api_error", "the provider sent no answer");
  end(finish_.value_or(StopReason::none));
}

void ChatAnswer::bytes_ended() {
  if (!ended_ && finish_) end(*finish_);
}

/// An answer without an end must not fill the memory.
void ChatAnswer::bound_kept() {
  const auto kept = details_.kept() + searches_.kept() + thought_.size() + waiting_ + calls_.size() * kKeptEach;
  if (kept > kMostKept) fail(502, "api_error", std::string(kTooLarge));
}

void ChatAnswer::end(StopReason reason) {
  tags_.finish([this](std::string_view view) { reasoned_ ? void() : prose(BlockKind::thinking, view); },
               [this](std::string_view view) { prose(BlockKind::text, view); });
  // Claude Code shows nothing of an answer whose last block is thinking; and only calls need their reasoning back.
  if (prose_ && prose_->kind == BlockKind::text) static_cast<void>(details_.take_payload({}));
  close_prose();
  emit_pages();
  if (calls_.has_nameless()) return fail(502, "api_error", "the provider called a tool without naming it");
  ended_ = true;
  out_.take(llm::End{refused_ ? StopReason::refusal : reason, {stop_sequence_}});
}

void ChatAnswer::fail(std::string_view body) {
  if (ended_) return;
  const auto error =
      translate({.status = 200, .body = body, .content_type = "application/json", .retry_after = {}, .should_retry = {}}, options_.errors);
  ended_ = true;
  out_.take(llm::Failed{error.status, error.type, error.message, error.should_retry});
}

void ChatAnswer::fail(int status, std::string type, std::string message) {
  if (ended_) return;
  ended_ = true;
  out_.take(llm::Failed{status, std::move(type), std::move(message)});
}

}  // namespace penstock::dialect

#include "dialect/gemini_answer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "dialect/answer_fields.h"
#include "dialect/error_text.h"
#include "dialect/gemini_usage.h"
#include "dialect/prompt_text.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::BlockKind;
using llm::StopReason;

/// Finish reasons. `status`: it is a failure, and which. Others, and those that are yet to be thought of, end the turn.
struct Finish {
  std::string_view word;
  StopReason reason;
  int status = 0;
};
constexpr int kAskAgain = 529;  // the model stumbled: another try helps
constexpr auto kFinishes = std::to_array<Finish>({
    {"STOP", StopReason::end_turn},
    {"MAX_TOKENS", StopReason::max_tokens},
    {"SAFETY", StopReason::refusal},
    {"RECITATION", StopReason::refusal},
    {"LANGUAGE", StopReason::refusal},
    {"BLOCKLIST", StopReason::refusal},
    {"PROHIBITED_CONTENT", StopReason::refusal},
    {"SPII", StopReason::refusal},
    {"MODEL_ARMOR", StopReason::refusal},
    {"IMAGE_SAFETY", StopReason::refusal},
    {"IMAGE_PROHIBITED_CONTENT", StopReason::refusal},
    {"IMAGE_RECITATION", StopReason::refusal},
    {"MALFORMED_FUNCTION_CALL", StopReason::none, kAskAgain},
    {"MALFORMED_RESPONSE", StopReason::none, kAskAgain},
    {"UNEXPECTED_TOOL_CALL", StopReason::none, kAskAgain},
    {"TOO_MANY_TOOL_CALLS", StopReason::none, kAskAgain},
    {"MISSING_THOUGHT_SIGNATURE", StopReason::none, 400},
});
/// These say nothing: an answer without a word is then a failure, any other is at its end.
constexpr std::array<std::string_view, 4> kUnsaid{"OTHER", "FINISH_REASON_UNSPECIFIED", "NO_IMAGE", "IMAGE_OTHER"};

/// The name space in which models see their functions; at times it slips into a call.
constexpr std::string_view kNamespace = "default_api";

constexpr std::string_view kImage = "[an image, which cannot be shown here]";

std::string_view without_namespace(std::string_view name) {
  const bool inside = name.size() > kNamespace.size() + 1 && name.starts_with(kNamespace) &&
                      (name[kNamespace.size()] == ':' || name[kNamespace.size()] == '.');
  return inside ? name.substr(kNamespace.size() + 1) : name;
}

}  // namespace

void GeminiAnswer::take(Value root) {
  if (!root.is_array()) return chunk(root);
  for (const auto element : root.elements()) chunk(element);
}

void GeminiAnswer::chunk(Value root) {
  if (ended_) return;
  if (present(root, "error")) return fail(root.raw());
  const auto first = first_answer(root, "candidates");
  const auto feedback = present(root, "promptFeedback");
  if (!first && !feedback && !present(root, "usageMetadata") && read_error(root.raw(), "application/json").failed) return fail(root.raw());
  if (!begun_) {
    begun_ = true;
    id_ = text_in(root.find("responseId"));
    out_.take(llm::Begin{{id_}, {text_in(root.find("modelVersion"))}});
  }
  count(root);
  if (feedback && !text_in(feedback->find("blockReason")).empty()) {  // the prompt itself was refused
    answered_ = true;
    finish_ = StopReason::refusal;
  }
  if (first) candidate(*first);
}

void GeminiAnswer::candidate(Value candidate) {
  answered_ = true;
  if (const auto metadata = present(candidate, "groundingMetadata")) grounding_.take(*metadata);
  if (next_key_ == 0 && grounding_.has_pages()) search();  // known before the first word: it stands before it
  const auto content = present(candidate, "content");
  if (const auto parts = content ? present(*content, "parts") : std::nullopt)
    for (const auto one : parts->elements())
      if (one.is_object() && !ended_) part(one);
  if (const auto reason = present(candidate, "finishReason"); reason && !ended_) finish(*reason, candidate);
}

void GeminiAnswer::part(Value part) {
  const auto signature = text_in(part.find("thoughtSignature"));
  if (const auto function = present(part, "functionCall")) return call(*function, signature);
  const auto is_thought = part.find("thought");
  const auto written = text_in(part.find("text"));
  if (is_thought && is_thought->boolean().value_or(false)) return thought(written, signature);
  text(present(part, "inlineData") ? kImage : written, signature);
}

void GeminiAnswer::text(std::string_view written, std::string_view signature) {
  if (signature.empty()) return prose(BlockKind::text, written);
  if (is_open(BlockKind::text) || written.empty()) {
    prose(BlockKind::text, written);
    auto& waiting = is_open(BlockKind::thinking) && seal_.empty() ? seal_ : behind_;
    waiting = payload_of(SignedPart::empty_text, signature);
    return;
  }
  begin_signed(payload_of(SignedPart::text, signature));
  prose(BlockKind::text, written);
}

void GeminiAnswer::thought(std::string_view written, std::string_view signature) {
  if (!seal_.empty()) close_prose();  // what was signed is complete
  prose(BlockKind::thinking, written);
  if (signature.empty()) return;
  open_prose(BlockKind::thinking);
  seal_ = payload_of(SignedPart::thought, signature);
}

/// Calls come whole, many in one chunk; one that comes again with the id of another is the same.
void GeminiAnswer::call(Value function, std::string_view signature) {
  const auto name = without_namespace(text_in(function.find("name"))), id = text_in(function.find("id"));
  if (name.empty()) return fail(502, "api_error", "the provider called a tool without naming it");
  if (!id.empty() && !call_ids_.emplace(id).second) return;
  if (signature.empty())
    begin_other();
  else
    begin_signed(payload_of(SignedPart::call, signature));
  called_ = true;
  const auto key = next_key_++;
  const auto known = options_.names == nullptr ? name : options_.names->to_client(name);
  out_.take(llm::Open{.key = key, .kind = BlockKind::tool_call, .id = {id}, .name = {known}});
  if (const auto arguments = present(function, "args")) {
    std::string written;
    append_as_text(written, arguments->raw());
    out_.take(llm::Delta{key, {written}});
  }
  out_.take(llm::Close{key});
}

// --- blocks

void GeminiAnswer::open_prose(BlockKind kind) {
  if (is_open(kind)) return;
  begin_other();
  prose_ = {next_key_++, kind};
  out_.take(llm::Open{.key = prose_->key, .kind = kind});
}

void GeminiAnswer::prose(BlockKind kind, std::string_view written) {
  if (written.empty()) return;
  open_prose(kind);
  out_.take(llm::Delta{prose_->key, {written}});
}

void GeminiAnswer::close_prose() {
  if (!prose_) return;
  if (prose_->kind == BlockKind::thinking) seal(prose_->key, std::exchange(seal_, {}));
  out_.take(llm::Close{prose_->key});
  prose_.reset();
}

/// A block of another kind comes now.
void GeminiAnswer::begin_other() {
  close_prose();
  if (!behind_.empty()) emit_sealed(std::exchange(behind_, {}));
}

/// The part that comes now carries a signature.
void GeminiAnswer::begin_signed(std::string payload) {
  if (is_open(BlockKind::thinking) && seal_.empty()) {
    seal_ = std::move(payload);
    return close_prose();
  }
  begin_other();
  emit_sealed(payload);
}

std::string GeminiAnswer::payload_of(SignedPart part, std::string_view signature) const {
  return signature_payload({part, std::string(signature)}, options_.errors.model);
}

void GeminiAnswer::emit_sealed(std::string_view payload) {
  if (options_.codec == nullptr) return;
  const auto key = next_key_++;
  out_.take(llm::Open{.key = key, .kind = BlockKind::thinking});
  seal(key, payload);
  out_.take(llm::Close{key});
}

void GeminiAnswer::seal(std::uint32_t key, std::string_view payload) {
  if (options_.codec == nullptr) return;
  const auto tag = json_escape(options_.codec->tag(options_.provider, payload));
  out_.take(llm::Seal{key, {tag}});
}

void GeminiAnswer::search() {
  if (grounding_.empty() || std::exchange(searched_, true)) return;
  grounding_.emit(out_, next_key_, id_, options_.search_query);
  next_key_ += 2;
}

// --- the end

/// Not the end yet: usage may follow, and older models say STOP in every chunk.
void GeminiAnswer::finish(Value reason, Value candidate) {
  const auto word = text_in(reason);
  if (word.empty()) return;
  const auto known = std::ranges::find(kFinishes, word, &Finish::word);
  const bool unsaid = std::ranges::find(kUnsaid, word) != kUnsaid.end() && next_key_ == 0;
  const int status = known != kFinishes.end() ? known->status : unsaid ? kAskAgain : 0;
  if (status == 0) {
    finish_ = known == kFinishes.end() ? StopReason::end_turn : known->reason;
    return;
  }
  const auto more = present(candidate, "finishMessage");
  const std::string type = status == kAskAgain ? "overloaded_error" : "invalid_request_error";
  fail(status, type, "the provider ended its answer with " + std::string(word) + (more ? ": " + bounded_text(more->text(), 500) : ""));
}

void GeminiAnswer::count(Value root) {
  const auto metadata = present(root, "usageMetadata");
  if (!metadata) return;
  if (const auto counted = read_gemini_usage(*metadata, options_.cached_in_prompt)) out_.take(llm::Count{*counted});
}

void GeminiAnswer::said_done() {
  if (ended_) return;
  if (finish_) return end(*finish_);
  if (called_) end(StopReason::tool_use);
}

void GeminiAnswer::bytes_ended() {
  if (!ended_ && finish_) end(*finish_);
}

void GeminiAnswer::done() {
  if (ended_) return;
  if (!answered_) return fail(502, "api_error", "the provider sent no answer");
  end(finish_.value_or(StopReason::none));
}

void GeminiAnswer::end(StopReason reason) {
  if (is_open(BlockKind::text)) grounding_.cite(out_, prose_->key);
  close_prose();
  search();
  ended_ = true;
  out_.take(llm::End{reason, {}});
}

void GeminiAnswer::fail(std::string_view body) {
  if (ended_) return;
  const auto error =
      translate({.status = 200, .body = body, .content_type = "application/json", .retry_after = {}, .should_retry = {}}, options_.errors);
  ended_ = true;
  out_.take(llm::Failed{error.status, error.type, error.message, error.should_retry});
}

void GeminiAnswer::fail(int status, std::string type, std::string message) {
  if (ended_) return;
  ended_ = true;
  out_.take(llm::Failed{status, std::move(type), std::move(message)});
}

}  // namespace penstock::dialect

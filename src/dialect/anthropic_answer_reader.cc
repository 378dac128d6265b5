#include "dialect/anthropic_answer_reader.h"

#include <algorithm>

#include "base/text.h"
#include "dialect/answer_fields.h"
#include "dialect/anthropic_errors.h"
#include "dialect/anthropic_usage.h"
#include "dialect/error_text.h"
#include "dialect/stream_guard.h"

namespace penstock::dialect {

namespace {

using json::Value;
using llm::BlockKind;
using llm::StopReason;

std::string_view raw_text_of(Value object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is_string() ? value->raw_text() : std::string_view();
}

/// Words that are not known, such as `compaction`, end a turn like any other.
StopReason stop_reason(std::string_view word) {
  if (word == "max_tokens") return StopReason::max_tokens;
  if (word == "stop_sequence") return StopReason::stop_sequence;
  if (word == "tool_use") return StopReason::tool_use;
  if (word == "refusal") return StopReason::refusal;
  if (word == "pause_turn") return StopReason::pause_turn;
  if (word == "model_context_window_exceeded") return StopReason::context_window;
  return StopReason::end_turn;
}

BlockKind kind_of(Value block) {
  const auto type = block.find("type");
  const auto is = [&](std::string_view name) { return type && type->equals(name); };
  if (is("text")) return BlockKind::text;
  if (is("thinking")) return BlockKind::thinking;
  if (is("redacted_thinking")) return BlockKind::sealed_thinking;
  return is("tool_use") ? BlockKind::tool_call : BlockKind::other;
}

llm::Open open_of(std::uint32_t key, Value block) {
  const auto kind = kind_of(block);
  llm::Open open{key, kind, {}, {}, {}};
  if (kind == BlockKind::tool_call) {
    open.id = {raw_text_of(block, "id")};
    open.name = {raw_text_of(block, "name")};
  }
  if (kind == BlockKind::other) open.raw = {block.raw()};
  return open;
}

std::uint32_t key_of(Value root) {
  const auto index = root.find("index");
  return index ? static_cast<std::uint32_t>(index->integer().value_or(0)) : 0;
}

/// A signature for the client; the inside of a JSON string.
std::string signature_for_client(const AnthropicAnswerOptions& options, std::string_view written, const std::string& text) {
  return options.codec != nullptr ? options.codec->tag(options.provider, text) : std::string(written);
}

llm::Failed failure_of(std::string_view data, const std::string& provider) {
  ErrorContext context;
  context.provider = provider;
  const auto error = translate({.status = 200, .body = data, .content_type = "application/json"}, context);
  return {error.status, error.type, error.message};
}

}  // namespace

void AnthropicStreamReader::take(const wire::Event& event) {
  if (done_ || event.comment_only || event.name == "ping" || event.data.empty()) return;
  if (event.data == "[DONE]") return finish();  // an OpenAI habit of some
  text_.assign(event.data);
  if (!document_.index(text_.text()) || !document_.check_escapes()) {
    done_ = true;
    return out_.take(
        llm::Failed{502, "api_error", options_.provider + " sent an event that is not JSON: " + bounded_text(event.data, 200)});
  }
  const auto root = document_.root();
  // Some send no event names.
  const auto name = event.name.empty() ? raw_text_of(root, "type") : event.name;
  if (name == "error") return read_error(event.data);
  read(name, root);
}

void AnthropicStreamReader::read(std::string_view name, Value root) {
  if (name == "content_block_delta") return read_delta(root);
  if (name == "content_block_start") return open_block(root);
  if (name == "content_block_stop") return close_block(root);
  if (name == "message_start") return read_start(root.find("message").value_or(root));
  if (name == "message_delta") return read_message_delta(root);
  if (name == "message_stop") end();
}

void AnthropicStreamReader::read_start(Value message) {
  out_.take(llm::Begin{{raw_text_of(message, "id")}, {raw_text_of(message, "model")}});
  merge_anthropic_usage(message, usage_);
  if (usage_.known) out_.take(llm::Count{usage_});
}

void AnthropicStreamReader::open_block(Value root) {
  const auto block = root.find("content_block");
  if (!block || !block->is_object()) return;
  if (open_.size() == StreamGuard::kMostOpen || kept_ > kMostKept) return fail_too_large();
  const auto key = key_of(root);
  const auto open = open_of(key, *block);
  out_.take(open);
  open_.push_back({.key = key, .kind = open.kind});
  if (open.kind == BlockKind::text) out_.take(llm::Delta{key, {raw_text_of(*block, "text")}});
  if (open.kind == BlockKind::thinking) {
    out_.take(llm::Delta{key, {raw_text_of(*block, "thinking")}});
    if (!raw_text_of(*block, "signature").empty()) seal(key, *block->find("signature"));
  }
  if (open.kind == BlockKind::sealed_thinking)
    if (const auto data = block->find("data"); data && data->is_string()) seal(key, *data);
  if (const auto input = block->find("input"); input && open.kind == BlockKind::tool_call && !input->is_empty())
    open_.back().input = json_escape(input->raw());
  kept_ += open_.back().input.size();
}

void AnthropicStreamReader::fail_too_large() {
  done_ = true;
  out_.take(llm::Failed{502, "api_error", std::string(kTooLarge)});
}

void AnthropicStreamReader::read_delta(Value root) {
  const auto delta = root.find("delta");
  const auto type = delta ? raw_text_of(*delta, "type") : std::string_view();
  const auto key = key_of(root);
  if (type == "text_delta") return out_.take(llm::Delta{key, {raw_text_of(*delta, "text")}});
  if (type == "thinking_delta") return out_.take(llm::Delta{key, {raw_text_of(*delta, "thinking")}});
  if (type == "input_json_delta") return read_arguments(key, raw_text_of(*delta, "partial_json"));
  if (type == "signature_delta")
    if (const auto signature = delta->find("signature"); signature && signature->is_string()) return seal(key, *signature);
  if (type == "citations_delta")
    if (const auto citation = delta->find("citation")) out_.take(llm::Cite{key, {citation->raw()}});
}

void AnthropicStreamReader::read_arguments(std::uint32_t key, std::string_view written) {
  if (written.empty()) return;
  if (auto* const block = block_of(key)) block->input.clear();
  out_.take(llm::Delta{key, {written}});
}

void AnthropicStreamReader::seal(std::uint32_t key, Value signature) {
  if (auto* const block = block_of(key)) block->is_signed = true;
  const auto text = signature_for_client(options_, signature.raw_text(), signature.text());
  out_.take(llm::Seal{key, {text}});
}

AnthropicStreamReader::Block* AnthropicStreamReader::block_of(std::uint32_t key) {
  const auto found = std::ranges::find(open_, key, &Block::key);
  return found == open_.end() ? nullptr : &*found;
}

void AnthropicStreamReader::close_block(Value root) {
  const auto key = key_of(root);
  if (const auto* const block = block_of(key)) settle(*block);
  std::erase_if(open_, [key](const Block& block) { return block.key == key; });
  out_.take(llm::Close{key});
}

/// What is still owed to a block at its end: arguments that came all at once, and a tag that says whose thinking it is.
void AnthropicStreamReader::settle(const Block& block) {
  if (!block.input.empty()) out_.take(llm::Delta{block.key, {block.input}});
  if (block.kind != BlockKind::thinking || block.is_signed || options_.codec == nullptr) return;
  out_.take(llm::Seal{block.key, {options_.codec->tag(options_.provider, "")}});
}

void AnthropicStreamReader::read_message_delta(Value root) {
  merge_anthropic_usage(root, usage_);
  if (usage_.known) out_.take(llm::Count{usage_});
  const auto delta = root.find("delta");
  const auto reason = delta ? raw_text_of(*delta, "stop_reason") : std::string_view();
  if (reason.empty()) return;
  stopped_ = true;
  reason_ = stop_reason(reason);
  stop_sequence_ = raw_text_of(*delta, "stop_sequence");
}

void AnthropicStreamReader::read_error(std::string_view data) {
  done_ = true;
  out_.take(failure_of(data, options_.provider));
}

void AnthropicStreamReader::end() {
  done_ = true;
  for (const auto& block : open_) settle(block);
  out_.take(llm::End{reason_, {stop_sequence_}});
}

void AnthropicStreamReader::finish() {
  if (!done_ && stopped_) end();
}

namespace {

/// One block of a whole answer.
void read_block(std::uint32_t key, Value block, const AnthropicAnswerOptions& options, llm::EventSink& out) {
  const auto open = open_of(key, block);
  out.take(open);
  if (open.kind == BlockKind::text) out.take(llm::Delta{key, {raw_text_of(block, "text")}});
  if (open.kind == BlockKind::thinking) out.take(llm::Delta{key, {raw_text_of(block, "thinking")}});
  if (const auto input = block.find("input"); input && open.kind == BlockKind::tool_call) {
    const auto arguments = json_escape(input->raw());
    out.take(llm::Delta{key, {arguments}});
  }
  if (const auto citations = block.find("citations"); citations && open.kind == BlockKind::text)
    for (const auto citation : citations->elements()) out.take(llm::Cite{key, {citation.raw()}});
  if (open.kind == BlockKind::thinking || open.kind == BlockKind::sealed_thinking) {
    const auto field = block.find(open.kind == BlockKind::thinking ? "signature" : "data");
    const bool is_text = field && field->is_string();
    const auto seal = signature_for_client(options, is_text ? field->raw_text() : "", is_text ? field->text() : "");
    if (!seal.empty()) out.take(llm::Seal{key, {seal}});
  }
  out.take(llm::Close{key});
}

}  // namespace

void read_anthropic_answer(const json::Document& body, const AnthropicAnswerOptions& options, llm::EventSink& out) {
  if (const auto status = body.check_escapes(); !status)
    return out.take(llm::Failed{502, "api_error", options.provider + ": " + status.error().message});
  const auto root = body.root();
  const auto content = root.find("content");
  if (!content || !content->is_array()) return out.take(failure_of(body.text(), options.provider));
  out.take(llm::Begin{{raw_text_of(root, "id")}, {raw_text_of(root, "model")}});
  std::uint32_t key = 0;
  for (const auto block : content->elements()) read_block(key++, block, options, out);
  llm::Usage usage;
  merge_anthropic_usage(root, usage);
  if (usage.known) out.take(llm::Count{usage});
  out.take(llm::End{stop_reason(raw_text_of(root, "stop_reason")), {raw_text_of(root, "stop_sequence")}});
}

}  // namespace penstock::dialect

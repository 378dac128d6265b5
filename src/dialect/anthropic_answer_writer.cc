#include "dialect/anthropic_answer_writer.h"

#include "base/append.h"
#include "base/text.h"
#include "dialect/arguments.h"
#include "json/padded.h"
#include "json/patch.h"

namespace penstock::dialect {

namespace {

using llm::BlockKind;
using llm::StopReason;

/// The provider's id in the form of the API, or the one made for the answer.
std::string message_id(std::string_view of_provider, const std::string& made) {
  if (of_provider.empty()) return made;
  return of_provider.starts_with("msg_") ? std::string(of_provider) : "msg_" + std::string(of_provider);
}

/// The members of a usage object.
void append_usage(std::string& out, const llm::Usage& usage) {
  append(out, R"("input_tokens":)", usage.input, R"(,"cache_creation_input_tokens":)", usage.cache_write, R"(,"cache_read_input_tokens":)",
         usage.cache_read, R"(,"output_tokens":)", usage.output);
  if (usage.thinking != 0) append(out, R"(,"output_tokens_details":{"thinking_tokens":)", usage.thinking, "}");
}

void append_stop(std::string& out, StopReason reason, std::string_view sequence) {
  append(out, R"("stop_reason":")", anthropic_stop_reason(reason), R"(","stop_sequence":)");
  if (reason == StopReason::stop_sequence && !sequence.empty())
    append(out, '"', sequence, '"');
  else
    out += "null";
}

/// A server tool's call, whose input came in pieces behind it.
std::string with_input(const std::string& block, const std::string& written) {
  const std::string input = unescape(written);
  if (!is_json_object(input)) return block;
  const json::Padded text(block);
  json::Document document;
  if (!document.index(text.text())) return block;
  json::Patch patch(document);
  const auto field = document.root().find("input");
  field ? patch.replace(*field, input) : patch.add_member(document.root(), "input", input);
  return patch.text();
}

}  // namespace

std::string_view anthropic_stop_reason(StopReason reason) {
  switch (reason) {
    case StopReason::max_tokens: return "max_tokens";
    case StopReason::stop_sequence: return "stop_sequence";
    case StopReason::tool_use: return "tool_use";
    case StopReason::refusal: return "refusal";
    case StopReason::pause_turn: return "pause_turn";
    case StopReason::context_window: return "model_context_window_exceeded";
    case StopReason::end_turn:
    case StopReason::none: break;
  }
  return "end_turn";
}

ClientError client_error_of(const llm::Failed& failed) {
  ClientError error;
  error.status = failed.status;
  error.type = error_type(failed.status);
  error.message = valid_utf8(failed.message);
  error.should_retry = failed.should_retry;
  return error;
}

void AnthropicStreamWriter::take(const llm::Event& event) {
  std::visit([this](const auto& one) { on(one); }, event);
}

void AnthropicStreamWriter::on(const llm::Begin& begin) {
  append(out_, "event: message_start\ndata: ", R"({"type":"message_start","message":{"id":")", message_id(begin.id.written, frame_.id),
         R"(","type":"message","role":"assistant","model":")");
  if (frame_.model.empty())
    out_ += begin.model.written;
  else
    out_ += json_escape(frame_.model);
  // The true counts come last; a zero here would show as an empty context.
  llm::Usage guess;
  guess.input = frame_.estimated_input;
  guess.output = 1;
  append(out_, R"(","content":[],"stop_reason":null,"stop_sequence":null,"usage":{)");
  append_usage(out_, guess);
  out_ += "}}}\n\n";
}

void AnthropicStreamWriter::on(const llm::Open& open) {
  kind_ = open.kind;
  if (kind_ == BlockKind::sealed_thinking) return;  // its data comes with the Seal
  append(out_, "event: content_block_start\ndata: ", R"({"type":"content_block_start","index":)", open.key, R"(,"content_block":)");
  if (kind_ == BlockKind::text) out_ += R"({"type":"text","text":""})";
  if (kind_ == BlockKind::thinking) out_ += R"({"type":"thinking","thinking":"","signature":""})";
  if (kind_ == BlockKind::tool_call)
    append(out_, R"({"type":"tool_use","id":")", open.id.written, R"(","name":")", open.name.written, R"(","input":{}})");
  if (kind_ == BlockKind::other) out_ += open.raw.raw;
  out_ += "}\n\n";
}

void AnthropicStreamWriter::on(const llm::Delta& delta) {
  append(out_, "event: content_block_delta\ndata: ", R"({"type":"content_block_delta","index":)", delta.key);
  if (kind_ == BlockKind::text) append(out_, R"(,"delta":{"type":"text_delta","text":")");
  if (kind_ == BlockKind::thinking) append(out_, R"(,"delta":{"type":"thinking_delta","thinking":")");
  if (kind_ == BlockKind::tool_call || kind_ == BlockKind::other) append(out_, R"(,"delta":{"type":"input_json_delta","partial_json":")");
  append(out_, delta.text.written, "\"}}\n\n");
}

void AnthropicStreamWriter::on(const llm::Seal& seal) {
  if (kind_ == BlockKind::sealed_thinking) {
    append(out_, "event: content_block_start\ndata: ", R"({"type":"content_block_start","index":)", seal.key,
           R"(,"content_block":{"type":"redacted_thinking","data":")", seal.signature.written, "\"}}\n\n");
    kind_ = BlockKind::other;
    return;
  }
  append(out_, "event: content_block_delta\ndata: ", R"({"type":"content_block_delta","index":)", seal.key,
         R"(,"delta":{"type":"signature_delta","signature":")", seal.signature.written, "\"}}\n\n");
}

void AnthropicStreamWriter::on(const llm::Cite& cite) {
  append(out_, "event: content_block_delta\ndata: ", R"({"type":"content_block_delta","index":)", cite.key,
         R"(,"delta":{"type":"citations_delta","citation":)", cite.citation.raw, "}}\n\n");
}

void AnthropicStreamWriter::on(const llm::Close& close) {
  if (kind_ == BlockKind::sealed_thinking) on(llm::Seal{close.key, {}});  // a block that was opened must be there
  append(out_, "event: content_block_stop\ndata: ", R"({"type":"content_block_stop","index":)", close.key, "}\n\n");
}

void AnthropicStreamWriter::on(const llm::End& end) {
  append(out_, "event: message_delta\ndata: ", R"({"type":"message_delta","delta":{)");
  append_stop(out_, end.reason, end.stop_sequence.written);
  out_ += R"(},"usage":{)";
  // A provider that never counts leaves the estimate in force.
  if (!usage_.known) usage_.input = frame_.estimated_input;
  append_usage(out_, usage_);
  out_ += "}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
}

void AnthropicStreamWriter::on(const llm::Failed& failed) { out_ += error_event(client_error_of(failed), frame_.request_id); }

void AnthropicWholeWriter::take(const llm::Event& event) {
  std::visit([this](const auto& one) { on(one); }, event);
}

void AnthropicWholeWriter::on(const llm::Begin& begin) {
  id_ = message_id(begin.id.written, frame_.id);
  model_ = frame_.model.empty() ? std::string(begin.model.written) : json_escape(frame_.model);
}

void AnthropicWholeWriter::on(const llm::Open& open) {
  kind_ = open.kind;
  call_id_ = open.id.written;
  call_name_ = open.name.written;
  raw_ = open.raw.raw;
  text_.clear();
  seal_.clear();
  cites_.clear();
}

void AnthropicWholeWriter::on(const llm::Cite& cite) { cites_ += (cites_.empty() ? "" : ",") + std::string(cite.citation.raw); }

void AnthropicWholeWriter::on(const llm::Close&) {
  if (!content_.empty()) content_ += ',';
  switch (kind_) {
    case BlockKind::text:
      append(content_, R"({"type":"text","text":")", text_, '"');
      if (!cites_.empty()) append(content_, R"(,"citations":[)", cites_, ']');
      content_ += '}';
      break;
    case BlockKind::thinking: append(content_, R"({"type":"thinking","thinking":")", text_, R"(","signature":")", seal_, R"("})"); break;
    case BlockKind::sealed_thinking: append(content_, R"({"type":"redacted_thinking","data":")", seal_, R"("})"); break;
    case BlockKind::tool_call: {
      // Cut at max_tokens, the arguments may want an end; the stop reason says so.
      const std::string input = unescape(text_ + missing_end(text_).value_or(""));
      append(content_, R"({"type":"tool_use","id":")", call_id_, R"(","name":")", call_name_, R"(","input":)",
             is_json_object(input) ? input : "{}", "}");
      break;
    }
    case BlockKind::other: content_ += with_input(raw_, text_); break;
  }
}

void AnthropicWholeWriter::on(const llm::End& end) {
  reason_ = end.reason;
  stop_sequence_ = end.stop_sequence.written;
}

std::string AnthropicWholeWriter::body() const {
  std::string out;
  append(out, R"({"id":")", id_, R"(","type":"message","role":"assistant","model":")", model_, R"(","content":[)", content_, "],");
  append_stop(out, reason_, stop_sequence_);
  out += R"(,"usage":{)";
  llm::Usage usage = usage_;
  if (!usage.known) usage.input = frame_.estimated_input;
  append_usage(out, usage);
  return out + "}}";
}

}  // namespace penstock::dialect

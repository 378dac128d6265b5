#include "dialect/openai_chat_answer_writer.h"

#include "base/append.h"
#include "base/text.h"
#include "dialect/openai_errors.h"

namespace penstock::dialect {

namespace {

using llm::BlockKind;
using llm::StopReason;

// A chunk is its head, and a delta between these two.
constexpr std::string_view kChoice = R"([{"index":0,"delta":{)";
constexpr std::string_view kEnd = "},\"finish_reason\":null}]}\n\n";

/// The provider's id in the form of the API, or the one made for the answer.
std::string completion_id(std::string_view of_provider, std::string_view made) {
  std::string_view id = of_provider.empty() ? made : of_provider;
  if (id.starts_with("chatcmpl-")) return std::string(id);
  if (id.starts_with("msg_")) id.remove_prefix(4);
  return "chatcmpl-" + std::string(id);
}

/// The inside of a JSON string.
std::string model_name(const AnswerFrame& frame, const llm::Begin& begin) {
  return frame.model.empty() ? std::string(begin.model.written) : json_escape(frame.model);
}

/// The usage object. A provider that never counts leaves the estimate in force. OpenAI's prompt count includes what the cache held.
void append_usage(std::string& out, const llm::Usage& usage, const AnswerFrame& frame) {
  const auto prompt = usage.known ? usage.prompt() : frame.estimated_input;
  append(out, R"({"prompt_tokens":)", prompt, R"(,"completion_tokens":)", usage.output, R"(,"total_tokens":)", prompt + usage.output,
         R"(,"prompt_tokens_details":{"cached_tokens":)", usage.cache_read, R"(,"cache_write_tokens":)", usage.cache_write,
         R"(},"completion_tokens_details":{"reasoning_tokens":)", usage.thinking, "}}");
}

}  // namespace

std::string_view openai_finish_reason(StopReason reason) {
  switch (reason) {
    case StopReason::max_tokens:
    case StopReason::context_window: return "length";
    case StopReason::tool_use: return "tool_calls";
    case StopReason::refusal: return "content_filter";
    case StopReason::stop_sequence:
    case StopReason::pause_turn:
    case StopReason::end_turn:
    case StopReason::none: break;
  }
  return "stop";
}

void SealedReasoning::open(BlockKind kind) {
  kind_ = kind;
  text_.clear();
  seal_.clear();
}

void SealedReasoning::close() {
  const bool thinking = kind_ == BlockKind::thinking || kind_ == BlockKind::sealed_thinking;
  if (!thinking || seal_.empty()) return;
  append(entries_, entries_.empty() ? "" : ",", R"({"type":)");
  if (kind_ == BlockKind::thinking)
    append(entries_, R"("reasoning.text","text":")", text_, R"(","signature":")", seal_);
  else
    append(entries_, R"("reasoning.encrypted","data":")", seal_);
  append(entries_, R"(","format":")", kReasoningFormat, R"(","index":)", count_++, '}');
}

void OpenAiChatStreamWriter::take(const llm::Event& event) {
  std::visit([this](const auto& one) { on(one); }, event);
}

void OpenAiChatStreamWriter::on(const llm::Begin& begin) {
  append(head_, R"(data: {"id":")", completion_id(begin.id.written, frame_.id), R"(","object":"chat.completion.chunk","created":)",
         frame_.created, R"(,"model":")", model_name(frame_, begin), R"(","choices":)");
  append(out_, head_, kChoice, R"("role":"assistant","content":"")", kEnd);
}

void OpenAiChatStreamWriter::on(const llm::Open& open) {
  kind_ = open.kind;
  reasoning_.open(kind_);
  if (kind_ != BlockKind::tool_call) return;
  append(out_, head_, kChoice, R"("tool_calls":[{"index":)", calls_++, R"(,"id":")", open.id.written,
         R"(","type":"function","function":{"name":")", open.name.written, R"(","arguments":""}}])", kEnd);
}

void OpenAiChatStreamWriter::on(const llm::Delta& delta) {
  const auto text = delta.text.written;
  if (kind_ == BlockKind::text) append(out_, head_, kChoice, R"("content":")", text, '"', kEnd);
  if (kind_ == BlockKind::tool_call)
    append(out_, head_, kChoice, R"("tool_calls":[{"index":)", calls_ - 1, R"(,"function":{"arguments":")", text, "\"}}]", kEnd);
  if (kind_ != BlockKind::thinking) return;
  append(out_, head_, kChoice, R"("reasoning_content":")", text, '"', kEnd);
  reasoning_.add_text(text);
}

void OpenAiChatStreamWriter::on(const llm::End& end) {
  if (!reasoning_.entries().empty()) append(out_, head_, kChoice, R"("reasoning_details":[)", reasoning_.entries(), ']', kEnd);
  append(out_, head_, kChoice, R"(},"finish_reason":")", openai_finish_reason(end.reason), "\"}]}\n\n");
  if (frame_.stream_usage) {
    append(out_, head_, R"([],"usage":)");
    append_usage(out_, usage_, frame_);
    out_ += "}\n\n";
  }
  out_ += "data: [DONE]\n\n";
}

void OpenAiChatStreamWriter::on(const llm::Failed& failed) { out_ += openai_error_event(client_error_of(failed)); }

void OpenAiChatWholeWriter::take(const llm::Event& event) {
  std::visit([this](const auto& one) { on(one); }, event);
}

void OpenAiChatWholeWriter::on(const llm::Begin& begin) {
  id_ = completion_id(begin.id.written, frame_.id);
  model_ = model_name(frame_, begin);
}

void OpenAiChatWholeWriter::on(const llm::Open& open) {
  kind_ = open.kind;
  reasoning_.open(kind_);
  if (kind_ != BlockKind::tool_call) return;
  append(calls_, calls_.empty() ? "" : ",", R"({"id":")", open.id.written, R"(","type":"function","function":{"name":")", open.name.written,
         R"(","arguments":")");
}

void OpenAiChatWholeWriter::on(const llm::Delta& delta) {
  if (kind_ == BlockKind::text) text_ += delta.text.written;
  if (kind_ == BlockKind::tool_call) calls_ += delta.text.written;
  if (kind_ != BlockKind::thinking) return;
  thoughts_ += delta.text.written;
  reasoning_.add_text(delta.text.written);
}

void OpenAiChatWholeWriter::on(const llm::Close&) {
  reasoning_.close();
  if (kind_ == BlockKind::tool_call) calls_ += "\"}}";
}

std::string OpenAiChatWholeWriter::body() const {
  std::string out;
  append(out, R"({"id":")", id_, R"(","object":"chat.completion","created":)", frame_.created, R"(,"model":")", model_,
         R"(","choices":[{"index":0,"message":{"role":"assistant","content":)");
  if (text_.empty() && !calls_.empty())
    out += "null";
  else
    append(out, '"', text_, '"');
  out += R"(,"refusal":null)";
  if (!thoughts_.empty()) append(out, R"(,"reasoning_content":")", thoughts_, '"');
  if (!reasoning_.entries().empty()) append(out, R"(,"reasoning_details":[)", reasoning_.entries(), ']');
  if (!calls_.empty()) append(out, R"(,"tool_calls":[)", calls_, ']');
  append(out, R"(},"logprobs":null,"finish_reason":")", openai_finish_reason(reason_), R"("}],"usage":)");
  append_usage(out, usage_, frame_);
  return out + '}';
}

}  // namespace penstock::dialect

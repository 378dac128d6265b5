#include "dialect/openai_responses_answer_writer.h"

#include <algorithm>
#include <array>

#include "base/append.h"
#include "base/text.h"
#include "dialect/arguments.h"
#include "dialect/openai_errors.h"
#include "dialect/responses_reasoning.h"
#include "json/padded.h"

namespace penstock::dialect {

namespace {

using llm::BlockKind;
using llm::StopReason;

/// The provider's id without its prefix, or the one made for the answer. Clients send the ids of items back, and OpenAI refuses those with
/// more than 64 characters or any but these.
std::string bare_id(std::string_view of_provider, std::string_view made) {
  constexpr std::string_view kFit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  constexpr std::size_t kMostBytes = 44;
  const auto bare = [](std::string_view id) {
    for (const std::string_view prefix : {"msg_", "resp_", "chatcmpl-"})
      if (id.starts_with(prefix)) id.remove_prefix(prefix.size());
    return id.substr(0, kMostBytes);
  };
  const auto id = bare(of_provider);
  const bool fits = !id.empty() && id.find_first_not_of(kFit) == std::string_view::npos;
  return std::string(fits ? id : bare(made));
}

/// Characters in the inside of a JSON string, as an index in the client's text counts them: a surrogate pair is one.
std::uint64_t count_characters(std::string_view written) {
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < written.size(); ++at) {
    const auto byte = static_cast<unsigned char>(written[at]);
    if ((byte & 0xC0U) == 0x80U) continue;
    if (byte == '\\' && ++at < written.size() && written[at] == 'u') {
      const auto hex = written.substr(at + 1, 2);
      at += 4;
      const bool low = hex.size() == 2 && (hex[0] == 'd' || hex[0] == 'D') && std::string_view("cdefCDEF").contains(hex[1]);
      if (low) continue;
    }
    ++count;
  }
  return count;
}

/// The fields of a block, of JSON that the provider sent.
class Block {
 public:
  explicit Block(std::string_view json) : text_(json), read_(document_.index(text_.text()).has_value()) {}
  [[nodiscard]] std::string_view text(std::string_view name) const {
    const auto value = read_ ? document_.root().find(name) : std::nullopt;
    return value && value->is_string() ? value->raw_text() : std::string_view();
  }
  [[nodiscard]] bool holds_object(std::string_view name) const { return object(name).has_value(); }
  /// Of the object in the field `name`.
  [[nodiscard]] std::string_view text(std::string_view name, std::string_view inner) const {
    const auto holder = object(name);
    const auto value = holder ? holder->find(inner) : std::nullopt;
    return value && value->is_string() ? value->raw_text() : std::string_view();
  }

 private:
  [[nodiscard]] std::optional<json::Value> object(std::string_view name) const {
    const auto value = read_ ? document_.root().find(name) : std::nullopt;
    return value && value->is_object() ? value : std::nullopt;
  }
  json::Padded text_;
  json::Document document_;
  bool read_;
};

std::string_view incomplete_reason(StopReason reason) {
  switch (reason) {
    case StopReason::max_tokens:
    case StopReason::context_window: return "max_output_tokens";
    case StopReason::refusal: return "content_filter";
    case StopReason::stop_sequence:
    case StopReason::tool_use:
    case StopReason::pause_turn:
    case StopReason::end_turn:
    case StopReason::none: break;
  }
  return {};
}

/// OpenAI's input count includes what the cache held. A provider that never counts leaves the estimate in force.
void append_usage(std::string& out, const llm::Usage& usage, const AnswerFrame& frame) {
  const auto input = usage.known ? usage.prompt() : frame.estimated_input;
  append(out, R"({"input_tokens":)", input, R"(,"input_tokens_details":{"cached_tokens":)", usage.cache_read, R"(,"cache_write_tokens":)",
         usage.cache_write, R"(},"output_tokens":)", usage.output, R"(,"output_tokens_details":{"reasoning_tokens":)", usage.thinking,
         R"(},"total_tokens":)", input + usage.output, '}');
}

}  // namespace

void OpenAiResponsesStreamWriter::take(const llm::Event& event) {
  std::visit([this](const auto& one) { on(one); }, event);
}

// --- events

void OpenAiResponsesStreamWriter::begin_event(std::string_view type) {
  append(out_, "event: ", type, "\ndata: {\"type\":\"", type, R"(","sequence_number":)", sequence_++);
}

template <typename... Parts>
void OpenAiResponsesStreamWriter::item_event(std::string_view type, const Parts&... parts) {
  begin_event(type);
  append(out_, R"(,"item_id":")", item_.id, R"(","output_index":)", items_);
  append(out_, parts...);
  out_ += "}\n\n";
}

void OpenAiResponsesStreamWriter::item_added(std::string_view item) {
  begin_event("response.output_item.added");
  append(out_, R"(,"output_index":)", items_, R"(,"item":)", item, "}\n\n");
}

void OpenAiResponsesStreamWriter::item_done(std::string item) {
  begin_event("response.output_item.done");
  append(out_, R"(,"output_index":)", items_++, R"(,"item":)", item, "}\n\n");
  append(output_, output_.empty() ? "" : ",", item);
  item_ = Item();
}

void OpenAiResponsesStreamWriter::response_event(std::string_view type) {
  begin_event(type);
  append(out_, R"(,"response":)", response_, "}\n\n");
}

/// `incomplete`: the reason, or "". `error`: an object, or null.
void OpenAiResponsesStreamWriter::make_response(std::string_view status, std::string_view incomplete, std::string_view error) {
  response_.clear();
  append(response_, R"({"id":"resp_)", id_, R"(","object":"response","created_at":)", frame_.created, R"(,"status":")", status,
         R"(","background":false,"error":)", error, R"(,"incomplete_details":)");
  incomplete.empty() ? append(response_, "null") : append(response_, R"({"reason":")", incomplete, "\"}");
  append(response_, R"(,"instructions":null,"model":")", model_, R"(","output":[)", output_,
         R"(],"previous_response_id":null,"store":false)", echo_.fields, R"(,"tools":[],"truncation":"disabled","usage":)");
  counted_ ? append_usage(response_, usage_, frame_) : append(response_, "null");
  response_ += '}';
}

void OpenAiResponsesStreamWriter::on(const llm::Begin& begin) {
  id_ = bare_id(begin.id.written, frame_.id);
  model_ = frame_.model.empty() ? std::string(begin.model.written) : json_escape(frame_.model);
  make_response("in_progress", "", "null");
  response_event("response.created");
  response_event("response.in_progress");
}

void OpenAiResponsesStreamWriter::on(const llm::End& end) {
  const auto incomplete = incomplete_reason(end.reason);
  const std::string_view status = incomplete.empty() ? "completed" : "incomplete";
  close_item(status);
  counted_ = true;
  make_response(status, incomplete, "null");
  response_event(incomplete.empty() ? "response.completed" : "response.incomplete");
}

void OpenAiResponsesStreamWriter::on(const llm::Failed& failed) {
  const auto error = client_error_of(failed);
  if (id_.empty()) id_ = bare_id({}, frame_.id);
  make_response("failed", "", openai_response_error(error));
  out_ += openai_responses_error_event(error, response_, sequence_);
}

// --- blocks

void OpenAiResponsesStreamWriter::on(const llm::Open& open) {
  block_ = open.kind;
  search_input_ = false;
  switch (block_) {
    case BlockKind::text: return open_message();
    case BlockKind::thinking: return open_reasoning_item(false);
    case BlockKind::sealed_thinking: return open_reasoning_item(true);
    case BlockKind::tool_call: return open_call(open);
    case BlockKind::other: return open_other(open.raw.raw);
  }
}

void OpenAiResponsesStreamWriter::open_item(Kind kind, std::string_view prefix) {
  close_item("completed");
  item_.kind = kind;
  append(item_.id, prefix, id_, '_', items_);
}

void OpenAiResponsesStreamWriter::open_message() {
  cites_.clear();
  item_.block_begin = item_.characters;
  if (item_.kind == Kind::message) return;
  open_item(Kind::message, "msg_");
  std::string part;
  append_empty_message(part, item_.id);
  item_added(part);
  part.clear();
  append_text_part(part, "", "");
  item_event("response.content_part.added", R"(,"content_index":0,"part":)", part);
}

void OpenAiResponsesStreamWriter::open_reasoning_item(bool sealed) {
  open_item(Kind::reasoning, "rs_");
  item_.sealed = sealed;
  std::string item;
  append_reasoning_item(item, item_.id, "", "");
  item_added(item);
}

void OpenAiResponsesStreamWriter::open_call(const llm::Open& open) {
  const auto* const tool = echo_.tools.find(open.name.written);
  open_item(Kind::call, call_id_prefix(tool == nullptr ? ResponsesTool::Form::function : tool->form));
  item_.call = {tool, item_.id, std::string(open.id.written), std::string(open.name.written), {}};
  std::string item;
  append_call_item(item, item_.call, "in_progress");
  item_added(item);
}

/// A search's call, or its result, which belongs to the call before.
void OpenAiResponsesStreamWriter::open_other(std::string_view raw) {
  const Block block(raw);
  if (block.text("type") == "web_search_tool_result" && item_.kind == Kind::search && block.holds_object("content"))
    item_.search_status = "failed";
  if (block.text("type") != "server_tool_use" || block.text("name") != "web_search") return;
  open_item(Kind::search, "ws_");
  search_input_ = true;
  item_.query = block.text("input", "query");
  std::string item;
  append_search_item(item, item_.id, "", "in_progress");
  item_added(item);
  item_event("response.web_search_call.in_progress");
  item_event("response.web_search_call.searching");
}

void OpenAiResponsesStreamWriter::on(const llm::Delta& delta) {
  const auto text = delta.text.written;
  switch (block_) {
    case BlockKind::text:
      item_event("response.output_text.delta", R"(,"content_index":0,"delta":")", text, R"(","logprobs":[])");
      item_.characters += count_characters(text);
      break;
    case BlockKind::thinking:
      if (!item_.part_open)
        item_event("response.reasoning_summary_part.added", R"(,"summary_index":0,"part":{"type":"summary_text","text":""})");
      item_.part_open = true;
      item_event("response.reasoning_summary_text.delta", R"(,"summary_index":0,"delta":")", text, '"');
      break;
    case BlockKind::tool_call:
      item_.call.arguments += text;
      if (item_.call.form() == ResponsesTool::Form::function)
        item_event("response.function_call_arguments.delta", R"(,"delta":")", text, '"');
      return;
    case BlockKind::other:
      if (!search_input_) return;  // of a server tool that has no place here
      break;
    case BlockKind::sealed_thinking: return;
  }
  item_.text += text;
}

void OpenAiResponsesStreamWriter::on(const llm::Close&) {
  if (block_ != BlockKind::text) return;
  for (const auto& cite : cites_) annotate(cite);
  cites_.clear();
}

/// A page that the text since the block's beginning is taken from. Citations of documents have no address, and no place here.
void OpenAiResponsesStreamWriter::annotate(std::string_view citation) {
  const Block block(citation);
  if (block.text("url").empty()) return;
  std::string annotation;
  append(annotation, R"({"type":"url_citation","start_index":)", item_.block_begin, R"(,"end_index":)", item_.characters, R"(,"url":")",
         block.text("url"), R"(","title":")", block.text("title"), "\"}");
  item_event("response.output_text.annotation.added", R"(,"content_index":0,"annotation_index":)", item_.annotated++, R"(,"annotation":)",
             annotation);
  append(item_.annotations, item_.annotations.empty() ? "" : ",", annotation);
}

// --- the ends of items

void OpenAiResponsesStreamWriter::close_item(std::string_view status) {
  switch (item_.kind) {
    case Kind::none: return;
    case Kind::message: return end_message(status);
    case Kind::reasoning: return end_reasoning();
    case Kind::call: return end_call(status);
    case Kind::search: return close_search_call();
  }
}

void OpenAiResponsesStreamWriter::end_message(std::string_view status) {
  item_event("response.output_text.done", R"(,"content_index":0,"text":")", item_.text, R"(","logprobs":[])");
  std::string part;
  append_text_part(part, item_.text, item_.annotations);
  item_event("response.content_part.done", R"(,"content_index":0,"part":)", part);
  part.clear();
  append_message_item(part, item_.id, item_.text, item_.annotations, status);
  item_done(std::move(part));
}

void OpenAiResponsesStreamWriter::end_reasoning() {
  if (item_.part_open) {
    item_event("response.reasoning_summary_text.done", R"(,"summary_index":0,"text":")", item_.text, '"');
    std::string part;
    append_summary_part(part, item_.text);
    item_event("response.reasoning_summary_part.done", R"(,"summary_index":0,"part":)", part);
  }
  std::string item;
  const auto encrypted = item_.seal.empty() ? std::string() : close_reasoning(item_.text, item_.seal, item_.sealed);
  append_reasoning_item(item, item_.id, item_.text, encrypted);
  item_done(std::move(item));
}

void OpenAiResponsesStreamWriter::end_call(std::string_view status) {
  const auto& call = item_.call;
  if (call.form() == ResponsesTool::Form::function)
    item_event("response.function_call_arguments.done", R"(,"name":")", call.client_name(), R"(","arguments":")", call.arguments, '"');
  if (call.form() == ResponsesTool::Form::custom) {
    const auto input = custom_input(call.arguments);
    item_event("response.custom_tool_call_input.delta", R"(,"delta":")", input, '"');
    item_event("response.custom_tool_call_input.done", R"(,"input":")", input, '"');
  }
  std::string item;
  append_call_item(item, call, status);
  item_done(std::move(item));
}

/// The input stood in the block, or came in pieces behind it.
void OpenAiResponsesStreamWriter::close_search_call() {
  const std::string query(item_.query.empty() ? Block(unescape(item_.text)).text("query") : item_.query);
  item_event("response.web_search_call.completed");
  std::string item;
  append_search_item(item, item_.id, query, item_.search_status);
  item_done(std::move(item));
}

void OpenAiResponsesWholeWriter::take(const llm::Event& event) {
  if (const auto* failed = std::get_if<llm::Failed>(&event)) failure_ = *failed;
  stream_.take(event);
  events_.clear();
}

}  // namespace penstock::dialect

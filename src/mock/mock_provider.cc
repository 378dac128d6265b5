#include "mock/mock_provider.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wire/sse.h"

namespace penstock::mock {

namespace {

constexpr std::size_t kMaxBody = 64UL << 20;
constexpr std::size_t kBytesPerToken = 4;  // near enough for a mock

std::string error_json(std::string_view type, std::string_view message) {
  return fmt::format(R"({{"type":"error","error":{{"type":"{}","message":{}}},"request_id":"req_mock"}})", type, json_quote(message));
}

/// The text of a message's content: a string, or its text and tool_result blocks.
std::string text_of(const json::Value& content) {
  if (content.is_string()) return content.text();
  std::string text;
  for (const auto block : content.elements()) {
    const auto part = block.find("text");
    const auto inner = block.find("content");
    if (part) text += (text.empty() ? "" : "\n") + part->text();
    if (inner) text += (text.empty() ? "" : "\n") + text_of(*inner);
  }
  return text;
}

struct Request {
  std::string model, last_text, first_tool;
  bool stream = false, has_result = false;
  std::size_t input_tokens = 0;
};

bool has_tool_result(const json::Value& content) {
  for (const auto block : content.elements())
    if (const auto type = block.find("type"); type && type->equals("tool_result")) return true;
  return false;
}

Request read(const json::Document& document) {
  Request request;
  const auto root = document.root();
  if (const auto model = root.find("model")) request.model = model->text();
  if (const auto stream = root.find("stream")) request.stream = stream->boolean().value_or(false);
  if (const auto messages = root.find("messages"))
    for (const auto message : messages->elements()) {
      const auto role = message.find("role");
      const auto content = message.find("content");
      if (!role || !content || !role->equals("user")) continue;
      request.last_text = text_of(*content);
      request.has_result = has_tool_result(*content);
    }
  if (const auto tools = root.find("tools"))
    for (const auto tool : tools->elements())
      if (const auto name = tool.find("name"); name && request.first_tool.empty()) request.first_tool = name->text();
  request.input_tokens = std::max<std::size_t>(1, document.text().size() / kBytesPerToken);
  return request;
}

/// A message under construction, whole and as events at once.
class MessageBuilder {
 public:
  explicit MessageBuilder(const Request& request) : request_(request) {
    event("message_start", fmt::format(R"({{"type":"message_start","message":{}}})", envelope("[]", "null", 1)));
  }
  void text(std::string_view words) {
    start(R"({"type":"text","text":""})", fmt::format(R"({{"type":"text","text":{}}})", json_quote(words)));
    // Word by word, as a model would.
    for (std::size_t at = 0; at < words.size();) {
      const auto end = std::min(words.find(' ', at), words.size() - 1) + 1;
      delta("text_delta", "text", words.substr(at, end - at));
      at = end;
    }
    stop();
  }
  void thinking(std::string_view words) {
    start(R"({"type":"thinking","thinking":"","signature":""})",
          fmt::format(R"({{"type":"thinking","thinking":{},"signature":"mock-signature"}})", json_quote(words)));
    delta("thinking_delta", "thinking", words);
    delta("signature_delta", "signature", "mock-signature");
    stop();
  }
  void tool(std::string_view name) {
    const std::string head = fmt::format(R"({{"type":"tool_use","id":"toolu_mock","name":{},"input":)", json_quote(name));
    start(head + "{}}", head + "{}}");
    delta("input_json_delta", "partial_json", "{}");
    stop();
    stop_reason_ = "tool_use";
  }
  Script finish() {
    event(
        "message_delta",
        fmt::format(
            R"({{"type":"message_delta","delta":{{"stop_reason":"{}","stop_sequence":null}},"usage":{{"input_tokens":{},"output_tokens":{}}}}})",
            stop_reason_, request_.input_tokens, output_));
    event("message_stop", R"({"type":"message_stop"})");
    script_.body = envelope("[" + blocks_ + "]", '"' + stop_reason_ + '"', output_);
    return std::move(script_);
  }

 private:
  std::string envelope(std::string_view content, std::string_view stop_reason, std::size_t output) const {
    return fmt::format(
        R"({{"id":"msg_mock","type":"message","role":"assistant","model":{},"content":{},"stop_reason":{},"stop_sequence":null,)"
        R"("usage":{{"input_tokens":{},"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":{}}}}})",
        json_quote(request_.model), content, stop_reason, request_.input_tokens, output);
  }
  void event(std::string_view name, std::string_view json) { script_.events.push_back(wire::format_event(name, json)); }
  void start(std::string_view skeleton, std::string_view whole) {
    blocks_ += (blocks_.empty() ? "" : ",") + std::string(whole);
    event("content_block_start", fmt::format(R"({{"type":"content_block_start","index":{},"content_block":{}}})", index_, skeleton));
  }
  void delta(std::string_view type, std::string_view key, std::string_view text) {
    output_ += 1 + text.size() / kBytesPerToken;
    event("content_block_delta", fmt::format(R"({{"type":"content_block_delta","index":{},"delta":{{"type":"{}","{}":{}}}}})", index_, type,
                                             key, json_quote(text)));
  }
  void stop() { event("content_block_stop", fmt::format(R"({{"type":"content_block_stop","index":{}}})", index_++)); }

  const Request& request_;
  Script script_;
  std::string blocks_, stop_reason_ = "end_turn";
  std::size_t index_ = 0, output_ = 0;
};

std::optional<Script> failure(const Request& request) {
  constexpr std::string_view kError = "error-";
  if (request.model == "overflow")
    return Script{400, error_json("invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum"), {}, false};
  if (!request.model.starts_with(kError)) return std::nullopt;
  const auto status = parse_unsigned(std::string_view(request.model).substr(kError.size()));
  if (!status || *status < 400 || *status > 599) return std::nullopt;
  return Script{static_cast<int>(*status),
                error_json(*status == 529 ? "overloaded_error" : "api_error", "scripted failure of the mock provider"),
                {},
                false};
}

}  // namespace

Script answer(const json::Document& document) {
  const Request request = read(document);
  if (auto failed = failure(request)) return std::move(*failed);
  MessageBuilder message(request);
  if (request.model == "thinking") message.thinking("The user wrote something; saying it again is the task.");
  if (request.model == "tool" && !request.has_result && !request.first_tool.empty())
    message.tool(request.first_tool);
  else
    message.text(request.last_text.empty() ? "Hello from the mock provider." : request.last_text);
  Script script = message.finish();
  script.cut = request.model == "cut";
  return script;
}

net::Task<> MockProvider::serve(net::Exchange& exchange) {
  const std::string path(exchange.head().target.substr(0, exchange.head().target.find('?')));
  auto body = co_await exchange.read_body(kMaxBody);
  const bool messages = path == "/v1/messages", counting = path == "/v1/messages/count_tokens";
  Status sent;
  if (!body || (!messages && !counting)) {
    sent = co_await exchange.send(body ? 404 : 400, "content-type: application/json\r\n",
                                  error_json(body ? "not_found_error" : "invalid_request_error", path));
  } else if (const auto indexed = document_.index(*body); !indexed) {
    sent = co_await exchange.send(400, "content-type: application/json\r\n", error_json("invalid_request_error", indexed.error().message));
  } else if (counting) {
    sent = co_await exchange.send(200, "content-type: application/json\r\n",
                                  fmt::format(R"({{"input_tokens":{}}})", body->size() / kBytesPerToken));
  } else {
    const auto stream = document_.root().find("stream");
    const bool streams = stream && stream->boolean().value_or(false);
    const Script script = answer(document_);
    if (!streams || script.status != 200) {
      sent = co_await exchange.send(script.status, "content-type: application/json\r\n", script.body);
    } else {
      sent = co_await exchange.begin_stream(200, "content-type: text/event-stream; charset=utf-8\r\n", {});
      const std::size_t count = script.events.size() - (script.cut ? 1 : 0);
      for (std::size_t i = 0; sent && i < count; ++i) sent = co_await exchange.send_stream(script.events[i]);
      if (script.cut) co_return exchange.abort();
      if (sent) sent = co_await exchange.end_stream();
    }
  }
  if (!sent) exchange.abort();
}

}  // namespace penstock::mock

// What the benchmark's provider says, in the Anthropic dialect or in Chat Completions, and how a model id chooses among it (the list is in
// upstream.cc).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "message.h"

namespace penstock::bench {

inline std::string head(std::string_view status, std::string_view type, std::string_view framing) {
  std::string out = "HTTP/1.1 ";
  out.append(status).append("\r\ncontent-type: ").append(type).append("\r\n").append(framing);
  return out +
         "\r\ndate: Fri, 20 Nov 2026 12:00:00 GMT\r\ncache-control: no-cache\r\nrequest-id: req_011CVbenchbenchbenchbench\r\n"
         "anthropic-organization-id: 00000000-0000-4000-8000-000000000000\r\nanthropic-ratelimit-unified-status: allowed\r\n"
         "anthropic-ratelimit-unified-reset: 1795190400\r\nserver: bench\r\nvia: 1.1 bench\r\n\r\n";
}

inline std::string whole(std::string_view status, std::string_view json) {
  return head(status, "application/json", "content-length: " + std::to_string(json.size())).append(json);
}

inline std::string chunk(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return std::string(size).append(bytes).append("\r\n");
}

inline std::string event(std::string_view name, std::string_view data) {
  return std::string("event: ").append(name).append("\ndata: ").append(data).append("\n\n");
}

inline std::string text_delta(std::string_view text) {
  const std::string front = R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")";
  return event("content_block_delta", front + std::string(text) + "\"}}");
}

inline std::string chat_event(std::string_view choice) {
  return R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1795190400,"model":"bench","choices":[)" +
         std::string(choice) + "]}\n\n";
}

inline std::string chat_delta(std::string_view text) {
  return chat_event(R"({"index":0,"delta":{"content":")" + std::string(text) + R"("},"finish_reason":null})");
}

// Texts as a model streams them: a few words each, some with escapes; the events come to about 150 bytes.
inline std::string sample_delta(std::size_t index, bool chat = false) {
  static constexpr std::array<std::string_view, 5> kTexts = {
      " and then the reader returns the rest", ", so that `count` stays within its", "\\n\\n```cpp\\nauto name = \\\"value\\\";\\n",
      " buffer. Next comes the parser itself", "\\n- each write is one system call, \\u2014"};
  return chat ? chat_delta(kTexts[index % kTexts.size()]) : text_delta(kTexts[index % kTexts.size()]);
}

inline const std::string& whole_answer() {
  static const std::string answer = whole(
      "200 OK", R"({"id":"msg_01BenchBenchBenchBench","type":"message","role":"assistant","model":"bench-whole","content":[{"type":"text",)"
                R"("text":"The function reads the whole file into one buffer, then walks it line by line.)"
                R"(\n\nTwo things to note:\n- an empty line ends the )"
                R"(\"head\";\n- the rest is the body."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":812,)"
                R"("cache_creation_input_tokens":256,"cache_read_input_tokens":34816,"cache_creation":{"ephemeral_5m_input_tokens":256,)"
                R"("ephemeral_1h_input_tokens":0},"output_tokens":57,"service_tier":"standard"}})");
  return answer;
}

inline const std::string& chat_whole_answer() {
  static const std::string answer =
      whole("200 OK",
            R"({"id":"chatcmpl-bench","object":"chat.completion","created":1795190400,"model":"bench","choices":[{"index":0,"message":)"
            R"({"role":"assistant","content":"The function reads the whole file into one buffer, then walks it line by line.)"
            R"(\n\nTwo things to note:\n- an empty line ends the \"head\";\n- the rest is the body."},"finish_reason":"stop"}],"usage":)"
            R"({"prompt_tokens":35884,"completion_tokens":57,"total_tokens":35941,"prompt_tokens_details":{"cached_tokens":34816}}})");
  return answer;
}

inline const std::string& refusal() {
  static const std::string answer = whole(
      "400 Bad Request",
      R"({"type":"error","error":{"type":"invalid_request_error","message":"this provider wants a JSON object with a bench- model"}})");
  return answer;
}

// Head and first events: what a provider sends before the first text. A held stream gets one text as well, so that it has begun for good.
inline std::string prologue(bool with_text) {
  std::string events =
      event("message_start",
            R"({"type":"message_start","message":{"id":"msg_01BenchBenchBenchBench","type":"message","role":"assistant","model":"bench",)"
            R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":812,"cache_creation_input_tokens":256,)"
            R"("cache_read_input_tokens":34816,"output_tokens":1,"service_tier":"standard"}}})");
  events += event("content_block_start", R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})");
  if (with_text) events += sample_delta(0);
  return head("200 OK", "text/event-stream; charset=utf-8", "transfer-encoding: chunked") + chunk(events);
}

inline std::string chat_prologue() {
  return head("200 OK", "text/event-stream; charset=utf-8", "transfer-encoding: chunked") +
         chunk(chat_event(R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null})"));
}

inline const std::string& chat_epilogue() {
  static const std::string end =
      chunk(chat_event(R"({"index":0,"delta":{},"finish_reason":"stop"})") +
            R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1795190400,"model":"bench","choices":[],"usage":)"
            R"({"prompt_tokens":35884,"completion_tokens":4096,"total_tokens":39980,"prompt_tokens_details":{"cached_tokens":34816}}})"
            "\n\n"
            "data: [DONE]\n\n") +
      "0\r\n\r\n";
  return end;
}

inline const std::string& epilogue() {
  static const std::string end =
      chunk(event("content_block_stop", R"({"type":"content_block_stop","index":0})") +
            event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                                   R"("usage":{"output_tokens":4096}})") +
            event("message_stop", R"({"type":"message_stop"})")) +
      "0\r\n\r\n";
  return end;
}

// A chunk of about so many bytes and the number of events in it. Made once for each size.
struct Batch {
  std::size_t events = 0;
  std::string chunk;
};

inline const Batch& batch_of(std::size_t bytes, bool chat) {
  static std::map<std::pair<std::size_t, bool>, Batch> made;
  Batch& batch = made[{bytes, chat}];
  if (batch.events > 0) return batch;
  std::string events;
  do {
    events += sample_delta(batch.events++, chat);
  } while (events.size() < bytes);
  batch.chunk = chunk(events);
  return batch;
}

enum class Kind : std::uint8_t { refuse, whole, wait, full, paced, hold };

// What the model id asks for.
struct Script {
  Kind kind = Kind::refuse;
  std::uint64_t first = 0;   // MS of wait, EVENTS otherwise
  std::uint64_t second = 0;  // BYTES of full, MS of paced
  bool chat = false;         // in Chat Completions; whole and full only
};

inline Script script_of(std::string_view body_start) {
  static constexpr std::string_view kPrefix = "bench-";
  const std::size_t key = body_start.find("\"model\":");
  const std::size_t at = body_start.find(kPrefix, key);
  if (key == std::string_view::npos || at == std::string_view::npos) return {};
  std::string_view rest = body_start.substr(at + kPrefix.size(), body_start.find('"', at) - at - kPrefix.size());
  const bool chat = rest.starts_with("chat-");
  if (chat) rest.remove_prefix(5);
  const std::size_t one = std::min(rest.find('-'), rest.size() - 1);
  const std::size_t two = std::min(rest.find('-', one + 1), rest.size() - 1);
  const auto script = [&](Kind kind) { return Script{kind, number(rest.substr(one + 1)), number(rest.substr(two + 1)), chat}; };
  for (const auto& [name, kind] : {std::pair{"whole", Kind::whole}, std::pair{"wait-", Kind::wait}, std::pair{"full-", Kind::full},
                                   std::pair{"paced-", Kind::paced}, std::pair{"hold", Kind::hold}}) {
    if (rest.starts_with(name)) return script(kind);
  }
  return {};
}

}  // namespace penstock::bench
